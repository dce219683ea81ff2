"""What another thread asks for is done, and not forgotten."""

from elastic_pinn import Control


def test_a_request_for_a_checkpoint_is_never_lost():
    control = Control()
    seen = control._checkpoint.is_set

    def asked_just_after_the_look() -> bool:
        answer = seen()
        control.checkpoint()
        return answer

    control._checkpoint.is_set = asked_just_after_the_look
    assert not control.take_checkpoint_request()
    control._checkpoint.is_set = seen
    assert control.take_checkpoint_request() and not control.take_checkpoint_request()
