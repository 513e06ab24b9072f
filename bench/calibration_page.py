def page(found, repeats):
    return ""
