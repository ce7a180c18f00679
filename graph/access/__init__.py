"""The access paths: one batch function each, keys in, values out in key order; and the dataloaders made from them."""
