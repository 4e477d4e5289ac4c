

# What jsii's runtime drops on its way to JavaScript, before anything there can see it. Appended to the generated module by
# tools/constructs.py.
def _refuse_none(content: typing.Any, path: str) -> None:
    if content is None:
        raise ValueError(
            f"{path}: is None, which could mean null as well as nothing "
            "(leave it out; or, where null is meant, give the document with JobDocument.from_text)"
        )
    if isinstance(content, typing.Mapping):
        for key, value in content.items():
            _refuse_none(value, f"{path}.{key}")
    elif isinstance(content, (list, tuple)):
        for index, value in enumerate(content):
            _refuse_none(value, f"{path}[{index}]")


def _from_object_without_none(cls: typing.Any, content: typing.Any) -> "JobDocument":
    _refuse_none(content, "Document")
    return _from_object(content)


_from_object = JobDocument.from_object
_from_object_without_none.__doc__ = _from_object.__doc__
setattr(JobDocument, "from_object", classmethod(_from_object_without_none))
