"""Other words for what an exit does: those of other programs, and of traders among themselves."""

from collections.abc import Mapping

OTHER_ACTIONS: Mapping[str, str] = {
    **dict.fromkeys(
        ("exit", "sell", "stop", "take profit", "buy back", "flatten", "liquidate", "close all", "out", "true"), "close"
    ),
    **dict.fromkeys(
        ("resting", "rest", "close, resting", "resting order", "gtc", "working order", "limit order"), "close resting"
    ),
    **dict.fromkeys(("half", "close half of it", "sell half", "take half off", "half off"), "close half"),
    **dict.fromkeys(("close puts", "close the puts", "close the put side", "close put", "put side"), "close put side"),
    **dict.fromkeys(("close calls", "close the calls", "close the call side", "close call", "call side"), "close call side"),
    **dict.fromkeys(
        ("buy back the short", "buy back the short only", "buy back short", "close the short", "close short leg", "short only"),
        "close short",
    ),
    **dict.fromkeys(
        ("let puts expire", "let the puts expire", "let put expire", "let the put side expire", "expire puts", "hold puts"),
        "let put side expire",
    ),
    **dict.fromkeys(
        ("let calls expire", "let the calls expire", "let call expire", "let the call side expire", "expire calls", "hold calls"),
        "let call side expire",
    ),
    **dict.fromkeys(
        ("buy back the short put", "buy back the put", "close short put", "close the short put", "buy back short put"),
        "close put short",
    ),
    **dict.fromkeys(
        ("buy back the short call", "buy back the call", "close short call", "close the short call", "buy back short call"),
        "close call short",
    ),
    **dict.fromkeys(("roll the short", "roll short leg", "roll near", "roll near leg", "roll the near leg"), "roll short"),
    **dict.fromkeys(("roll both shorts", "roll the shorts", "roll shorts", "roll near legs", "roll the near legs"), "roll short"),
    **dict.fromkeys(("roll near put", "roll the near put", "roll the put short", "roll puts short"), "roll put short"),
    **dict.fromkeys(("roll near call", "roll the near call", "roll the call short", "roll calls short"), "roll call short"),
    **dict.fromkeys(("rollover", "roll over", "roll out", "roll forward", "adjust", "roll down"), "roll"),
    **dict.fromkeys(("notify", "warn", "email", "message", "ping", "sms", "notification", "tell", "warning", "alarm"), "alert"),
    **dict.fromkeys(("expire", "hold", "keep", "let it expire", "let_expire", "let-expire", "ignore"), "let expire"),
}
"""What other programs call the actions."""
