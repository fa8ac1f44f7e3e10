"""What the desk keeps of a person: in numbers, and all of it as one file (E9).
It may import tickets, files, orders, people and what stands before them.
Nothing is changed or erased here.
"""
