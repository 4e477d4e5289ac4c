"""cfn-lint as on the command line, but in this process: to start takes it longer than to look at a template."""

import contextlib
import io
import subprocess
import sys

import cfnlint.runner
import pytest
from toolchain import ROOT


def cfn_lint(*arguments):
    command = ["cfn-lint", *map(str, arguments)]
    printed, complained = io.StringIO(), io.StringIO()
    with (
        contextlib.chdir(ROOT),
        contextlib.redirect_stdout(printed),
        contextlib.redirect_stderr(complained),
        pytest.MonkeyPatch.context() as patch,
        pytest.raises(SystemExit) as end,
    ):
        patch.setattr(sys, "argv", command)
        cfnlint.runner.main()
    return subprocess.CompletedProcess(command, end.value.code, printed.getvalue(), complained.getvalue())
