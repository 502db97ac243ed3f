"""GPUs by number, as `--devices` names them, on either backend."""

from faceattr.errors import UserError


def chosen_gpus(devices: str, count: int) -> list[int]:
    """The GPUs that `--devices` names.

    Args:
        devices: str, numbers separated by commas, such as `"0,1"`.
        count: int, how many GPUs the machine has.

    Raises:
        UserError: if they are not numbers of GPUs that the machine has.
    """
    try:
        numbers = [int(number) for number in devices.split(",")]
    except ValueError:
        raise UserError(f"--devices {devices}: give GPUs by number, such as 0,1, or cpu") from None
    for number in numbers:
        if not 0 <= number < count:
            have = f"its GPUs are 0 to {count - 1}" if count else "it has no GPU"
            raise UserError(f"--devices {devices}: this machine has no GPU {number}; {have}")
    if len(set(numbers)) < len(numbers):
        raise UserError(f"--devices {devices}: a GPU is named twice")
    return numbers
