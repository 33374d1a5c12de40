# The columns of an op's documentation (shapes, dtypes, …) become items of a list.
s#^( *)/// (shapes|dtypes|numerics|saves|grads|errors) +#\1/// - **\2** #
# Names of headers are not tags; # and :: before a word are no links.
/\/\/\//s#<([a-z_./]+)>#\\<\1\\>#g
/\/\/\//s@ (#|::)([a-z])@ \\\1\2@g
