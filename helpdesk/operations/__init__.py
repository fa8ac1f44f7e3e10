"""Running the desk: serving, the loop and its timetable, upkeep, migrations, backup and restore, the doctor.
It may import outbox, reports and what stands before them.
No rule of tickets or people: jobs call the rules of other rooms.
"""
