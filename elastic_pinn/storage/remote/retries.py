"""Calls to a remote store: tried again while there is hope, and errors for people when there is none."""

import logging
import time
from collections.abc import Callable
from typing import TypeVar

from elastic_pinn.storage.errors import CheckpointError, UnreadableError

logger = logging.getLogger(__name__)

MAX_TRIES = 5
FIRST_PAUSE_S = 0.5  # doubled after each try: 7.5 s of pauses in all

# What another try would only meet again. Stores have errors of their own, known here by name, since each comes with a
# package that need not be installed.
PERMANENT = (
    FileNotFoundError,
    PermissionError,
    IsADirectoryError,
    NotADirectoryError,
    ImportError,
    TypeError,
    ValueError,
)
BAD_NAMES = {"ParamValidationError", "InvalidResourceName"}
NO_CREDENTIALS = {
    "ClientAuthenticationError",
    "CredentialRetrievalError",
    "CredentialUnavailableError",
    "DefaultCredentialsError",
    "NoCredentialsError",
    "PartialCredentialsError",
    "ProfileNotFound",
    "RefreshError",
    "TokenRetrievalError",
}
TRANSIENT_STATUSES = {408, 429}  # of the HTTP status codes that blame the caller

S3 = "Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE"
AZURE = "Set AZURE_STORAGE_CONNECTION_STRING, or AZURE_STORAGE_ACCOUNT_NAME and AZURE_STORAGE_ACCOUNT_KEY"
GOOGLE = (
    "Set GOOGLE_APPLICATION_CREDENTIALS, or run `gcloud auth application-default login`, for one who may write there"
)
CREDENTIALS = {"s3": S3, "s3a": S3, "abfs": AZURE, "abfss": AZURE, "az": AZURE, "gs": GOOGLE, "gcs": GOOGLE}

Result = TypeVar("Result")


def retry(location: str, operation: Callable[[], Result]) -> Result:
    """What `operation` gives at a place on a remote store; up to MAX_TRIES tries, with pauses that double.

    Server errors, timeouts and cut connections are tried again. FileExistsError is the caller's to understand. Raises
    UnreadableError, naming the place, the fault and what to do, when there is no hope left.
    """
    for number in range(1, MAX_TRIES + 1):
        try:
            return operation()
        except (CheckpointError, FileExistsError):
            raise
        except Exception as error:
            if is_permanent(error) or number == MAX_TRIES:
                raise unreadable_error(location, error) from error
            pause = FIRST_PAUSE_S * 2 ** (number - 1)
            logger.warning(
                "%s: try %d of %d failed (%s); the next in %g s", location, number, MAX_TRIES, _error_text(error), pause
            )
            time.sleep(pause)
    raise AssertionError("the last try either returns or raises")


def is_permanent(error: Exception) -> bool:
    """Whether another try would only meet the same error again."""
    if isinstance(error, PERMANENT) or type(error).__name__ in NO_CREDENTIALS | BAD_NAMES:
        return True
    status = getattr(error, "status_code", None)
    return isinstance(status, int) and 400 <= status < 500 and status not in TRANSIENT_STATUSES


def unreadable_error(location: str, error: Exception) -> UnreadableError:
    """What an error at a place on a remote store means, and what to do about it."""
    if isinstance(error, FileNotFoundError):
        return UnreadableError(
            location, "is missing", "Check the URL; a bucket or container must have been made before"
        )
    if _is_about_credentials(error):
        advice = CREDENTIALS.get(location.partition("://")[0], "Check the permissions there")
        return UnreadableError(location, f"is not open to these credentials ({_error_text(error)})", advice)
    if is_permanent(error):
        return UnreadableError(location, f"cannot be used ({_error_text(error)})", "Check the URL")
    fault = f"could not be reached, or not used, in {MAX_TRIES} tries ({_error_text(error)})"
    return UnreadableError(location, fault, "Check the network and the store, and try again")


def _is_about_credentials(error: Exception) -> bool:
    denied = getattr(error, "status_code", None) in (401, 403)
    return denied or isinstance(error, PermissionError) or type(error).__name__ in NO_CREDENTIALS


def _error_text(error: Exception) -> str:
    return f"{type(error).__name__}: {' '.join(str(error).split())}".rstrip(": ")[:300]
