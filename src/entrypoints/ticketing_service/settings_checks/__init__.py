"""What each setting may be and which go together: the checks behind `load_settings`.

Each check returns a value and adds what is wrong to a list instead of stopping there, so that one
start lists everything. If it added a mistake, its value is meaningless.

- `mistakes`: the list.
- `variables`: the variables as they are set, and misspelt ones.
- `database`: the database's address.
- `values`: addresses, proxies, switches, the hold.
- `stripe`: Stripe's secrets, and what the seller chooses about the payment page.
- `keys`: the keys of access tokens and of admission tokens.
"""
