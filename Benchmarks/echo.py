"""What /partition is held against: FastAPI parses a body and sends it back, and plans nothing."""
from typing import Any

from fastapi import Body, FastAPI

app = FastAPI()


@app.post("/partition")
async def echo(body: dict[str, Any] = Body()) -> dict[str, Any]:
    return body
