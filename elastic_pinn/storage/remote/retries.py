"""Repeat failed calls to a remote store, and explain errors that remain."""

import logging
import time
from collections.abc import Callable
from typing import TypeVar

from elastic_pinn.storage.errors import CheckpointError, UnreadableError

logger = logging.getLogger(__name__)

MAX_TRIES = 5
FIRST_PAUSE_S = 0.5  # doubled after each try: 7.5 s of pauses in all

# Errors that another try would only repeat. The errors of stores are listed by name, since their packages need not be
# installed.
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
TRANSIENT_STATUSES = {408, 429}  # HTTP status codes below 500 that are worth another try

S3 = "Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE"
AZURE = "Set AZURE_STORAGE_CONNECTION_STRING, or AZURE_STORAGE_ACCOUNT_NAME and AZURE_STORAGE_ACCOUNT_KEY"
GOOGLE = (
    "Set GOOGLE_APPLICATION_CREDENTIALS, or run `gcloud auth application-default login`, for one who may write there"
)
CREDENTIALS = {"s3": S3, "s3a": S3, "abfs": AZURE, "abfss": AZURE, "az": AZURE, "gs": GOOGLE, "gcs": GOOGLE}

Result = TypeVar("Result")


def retry(location: str, operation: Callable[[], Result]) -> Result:
    """Return the result of an operation on a remote store, after up to MAX_TRIES tries with doubling pauses.

    Server errors, timeouts and lost connections are retried. FileExistsError is raised to the caller. Otherwise raises
    UnreadableError, which names the location, the fault and what to do.
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
    """Return whether another try would only raise the same error."""
    if isinstance(error, PERMANENT) or type(error).__name__ in NO_CREDENTIALS | BAD_NAMES:
        return True
    status = getattr(error, "status_code", None)
    return isinstance(status, int) and 400 <= status < 500 and status not in TRANSIENT_STATUSES


def unreadable_error(location: str, error: Exception) -> UnreadableError:
    """Return the error for a user: what an error at a location on a remote store means, and what to do."""
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
