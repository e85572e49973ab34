"""The application's connections: a bounded ``pool``, and one to a ``replica``.

``queries`` writes down what connections run, for those who count. A test uses
``shared_transaction``, a connection that its threads share and that never commits.
"""
