"""How complete a plugin is: a scale of rules that a program checks, against the plugin's own simulator.

``scale`` has the levels and rules, ``claims`` what a plugin says of itself (its ``quality.toml``), ``checking`` holds
both against each other. ``connection`` runs a plugin on the real upstream layer with its simulator, in virtual time;
the conformance suite uses it as well. ``probing`` finds out which documented field becomes which field of the schema.
"""
