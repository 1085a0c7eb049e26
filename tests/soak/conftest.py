from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest

from tests.soak import there as places
from tests.soak.there import There
from tests.soak.zygote import Zygote


@pytest.fixture(scope="session")
def zygote() -> Iterator[Zygote]:
    """The program, imported."""
    found = Zygote()
    yield found
    found.close()


@pytest.fixture
async def there(zygote: Zygote) -> AsyncIterator[There]:
    """A computer of this test alone, on which everything may be killed."""
    async with places.there(zygote) as found:
        yield found
