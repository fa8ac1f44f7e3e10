"""How templates are compiled: once for each language, with what is the same on every page written into them.

Jinja asks for each text, icon and address of a style sheet anew on every page, a hundred times and more. Here the
compiled template of a language holds them as text. The rest shortens what Jinja does for every call and expression.
"""

from __future__ import annotations

from collections.abc import MutableMapping
from inspect import isroutine
from keyword import iskeyword
from typing import Any

from flask import g, has_app_context, has_request_context
from flask.templating import Environment
from jinja2 import nodes
from jinja2.compiler import CodeGenerator, Frame
from jinja2.idtracking import VAR_LOAD_RESOLVE
from jinja2.runtime import Context, Macro
from jinja2.utils import LRUCache
from markupsafe import Markup, escape

from helpdesk import i18n

#: Templates cached for each language.
CACHED = 400
#: Functions whose answer to the same words is always the same, in one language and program.
CONSTANT = frozenset({"_", "icon", "static_url"})


def text_of(value: Any) -> str:
    """Return what stands in a page for a value: mostly markup, or letters and digits, which need no escaping."""
    kind = type(value)
    if kind is Markup or (kind is str and value.isalnum()):
        return value
    return str(value) if kind is int else escape(value)


def reader_language() -> str:
    """Return the reader's language; an empty text outside of requests, where a template is for readers of several."""
    if has_request_context():
        return i18n.language()
    # There i18n would name the desk’s language, whoever reads; a mail is drawn in the language of its reader.
    return (g.get("language") or "") if has_app_context() else ""


class Code(CodeGenerator):
    """Writes the Python of a template: constant calls as text, calls of plain functions as such."""

    def visit_Template(self, node: nodes.Template, frame: Frame | None = None) -> None:  # noqa: N802 — Jinja's name
        self.writeline("from web.templates import text_of")
        super().visit_Template(node, frame)

    def visit_Output(self, node: nodes.Output, frame: Frame) -> None:  # noqa: N802
        # Without an “else” Jinja makes an object that stands for nothing, and asks it how it is written.
        for child in node.nodes:
            if isinstance(child, nodes.CondExpr) and child.expr2 is None:
                child.expr2 = nodes.Const("", lineno=child.lineno)
        super().visit_Output(node, frame)

    def visit_Call(self, node: nodes.Call, frame: Frame, forward_caller: bool = False) -> None:  # noqa: N802
        constant = None if forward_caller else self._constant(node, frame)
        if constant is not None:
            self.write(f"Markup({str(constant)!r})" if isinstance(constant, Markup) else repr(constant))
        elif not forward_caller and self._is_plain(node):
            self.visit(node.node, frame)
            self.write("(")
            for argument in (*node.args, *node.kwargs):
                self.visit(argument, frame)
                self.write(", ")
            self.write(")")
        else:
            super().visit_Call(node, frame, forward_caller=forward_caller)

    def _output_child_to_const(self, node: nodes.Expr, frame: Frame, finalize: Any) -> str:
        constant = self._constant(node, frame)
        if constant is None or frame.eval_ctx.volatile:
            return super()._output_child_to_const(node, frame, finalize)
        return str(escape(constant) if frame.eval_ctx.autoescape else constant)

    def _output_child_pre(self, node: nodes.Expr, frame: Frame, finalize: Any) -> None:
        if frame.eval_ctx.autoescape and not frame.eval_ctx.volatile and finalize.src is None:
            self.write("text_of(")
        else:
            super()._output_child_pre(node, frame, finalize)

    def _constant(self, node: nodes.Expr, frame: Frame) -> str | None:
        """Return what this call returns on every page; None when that may differ."""
        if not isinstance(node, nodes.Call) or node.kwargs or node.dyn_args or node.dyn_kwargs:
            return None
        name = self._global_name(node.node, frame)
        if name not in CONSTANT or not all(isinstance(it, nodes.Const) for it in node.args):
            return None
        if name == "_" and not reader_language():
            return None
        function: Any = self.environment.globals[name]
        text: str = function(*(it.value for it in node.args if isinstance(it, nodes.Const)))
        return text

    def _global_name(self, node: nodes.Expr, frame: Frame) -> str | None:
        # `ui.icon` is `icon`, for templates that import their pieces.
        if isinstance(node, nodes.Getattr) and isinstance(node.node, nodes.Name):
            return "icon" if (node.node.name, node.attr) == ("ui", "icon") else None
        if not isinstance(node, nodes.Name):
            return None
        symbols: Any = frame.symbols
        while symbols is not None:
            if node.name in symbols.stores:
                return None
            symbols = symbols.parent
        load = frame.symbols.find_load(frame.symbols.ref(node.name))
        return node.name if load is not None and load[0] == VAR_LOAD_RESOLVE else None

    def _is_plain(self, node: nodes.Call) -> bool:
        """Whether a function of all templates is called that takes nothing but its arguments."""
        if not isinstance(node.node, nodes.Name) or node.dyn_args or node.dyn_kwargs:
            return False
        function = self.environment.globals.get(node.node.name)
        takes_context = hasattr(function, "jinja_pass_arg")
        return isroutine(function) and not takes_context and not any(iskeyword(it.key) for it in node.kwargs)


class Names(Context):
    """What a template sees. Jinja asks of all that is called how it wants to be called; a macro says so by its type."""

    def call(self, function: Any, /, *arguments: Any, **named: Any) -> Any:
        """Call a function or a macro."""
        if type(function) is not Macro:
            return super().call(function, *arguments, **named)
        named.pop("_loop_vars", None)
        named.pop("_block_vars", None)
        return function(self.eval_ctx, *arguments, **named)


class Templates(Environment):
    """The templates of the program: those compiled for the reader's language."""

    code_generator_class = Code
    context_class = Names

    @property
    def cache(self) -> Any:
        """Templates compiled for the reader's language."""
        language = reader_language()
        if language not in self._caches:
            self._caches[language] = LRUCache(CACHED)
        return self._caches[language]

    @cache.setter
    def cache(self, _one: object) -> None:
        self._caches: dict[str, LRUCache] = {}

    def make_globals(self, d: MutableMapping[str, Any] | None) -> MutableMapping[str, Any]:
        """Return the names every template sees: one dictionary, because a chain of two is compared name by name."""
        return super().make_globals(d) if d else self.globals
