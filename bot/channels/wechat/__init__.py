"""The official account: a follower files and follows a case without leaving WeChat, and every message is processed once.

`protocol` checks and opens what comes, `render` lays messages out for a small screen, `inbox` runs each message once and answers in
time, `sender` sends what was late or long and the notices, `client` speaks to the platform, `channel` is the HTTP side, `simulator` is
a platform on this machine for development and tests (`make wechat-demo`).
"""
