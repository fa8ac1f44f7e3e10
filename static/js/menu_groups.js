// <details data-fold="key">: what somebody folded or unfolded in the menu stays so; a cookie tells the next page.
const YEAR = 31_536_000;
const MOST = 200;

export function menuGroups() {
  for (const fold of document.querySelectorAll("[data-fold]")) {
    fold.querySelector("summary").addEventListener("click", () => {
      const key = fold.dataset.fold;
      const before = document.cookie.match(/(?:^|; )folds=([^;]*)/)?.[1].split(".") ?? [];
      const others = before.filter((one) => one && one !== key && one !== `-${key}`).slice(-MOST);
      // The click comes before the change.
      const value = [...others, fold.open ? `-${key}` : key].join(".");
      document.cookie = `folds=${value}; path=/; max-age=${YEAR}; samesite=lax`;
    });
  }
}
