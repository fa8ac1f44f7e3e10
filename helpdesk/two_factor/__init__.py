"""The second factor of agents: codes of a telephone, passkeys, recovery codes, and sign-ins that wait for one of them.
It may import people and what stands before them.
Who must have one is `helpdesk/people/required_second_factor`; the pages are `admin_views/account/two_factor`.
"""
