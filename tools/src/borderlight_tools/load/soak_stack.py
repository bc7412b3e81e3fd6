"""The stack of a soak: the usual one, with a replica of the join behind an address that can be led elsewhere."""

import asyncio
import sys
from pathlib import Path

from redis.asyncio import Redis

from borderlight_tools.devstack import servers
from borderlight_tools.devstack.server import Server, free_ports
from borderlight_tools.devstack.stack import Stack
from borderlight_tools.load.stand_ins import PORT
from borderlight_tools.load.tcp_switch import TcpSwitch

STAND_INS = ("normalizer", "liveness", "matcher")


class SoakStack:
    """window_s: how far decision looks back when the join knows nothing; with_vision: the real stages."""

    def __init__(self, folder: Path, with_vision: bool, window_s: float) -> None:
        self.stack = Stack(folder)
        switch_port, replica_port, self._nowhere = free_ports(3)
        self.switch = TcpSwitch(switch_port, self.stack.redis_port)
        self.ports = [self.stack.redis_port, replica_port]
        self.join = [self.stack.servers["redis"], servers.redis(folder / "replica", replica_port)]
        self.stack.environment["DECISION_REDIS_URL"] = f"redis://127.0.0.1:{switch_port}/0"
        self.stack.environment["DECISION_REBUILD_WINDOW_S"] = str(window_s)
        for name, service in self.stack.services.items():
            service.environment = {**service.environment, **self.stack.environment}
            if not with_vision and name in STAND_INS:
                service.argv = [sys.executable, "-m", "borderlight_tools.load.stand_ins", name]
                service.environment = {**service.environment, PORT: str(self.stack.ports[name])}
        self.primary = 0

    @property
    def services(self) -> dict[str, Server]:
        return self.stack.services

    async def start(self) -> None:
        await self.switch.start()
        await asyncio.to_thread(self.stack.start)
        await asyncio.to_thread(self.join[1].start)
        await self._follow(1, self.ports[0])

    async def stop(self) -> None:
        await asyncio.to_thread(self.stack.stop)
        for server in self.join:
            await asyncio.to_thread(server.stop)
        await self.switch.stop()

    async def _order(self, number: int, *words: str) -> None:
        async with Redis(port=self.ports[number]) as client:
            await client.execute_command(*words)  # pyright: ignore[reportUnknownMemberType]

    async def _follow(self, number: int, port: int) -> None:
        await self._order(number, "REPLICAOF", "127.0.0.1", str(port))

    async def fail_over(self, lost_s: float) -> None:
        """The replica falls behind for `lost_s` seconds; then the primary dies and the replica takes its place."""
        old, new = self.primary, 1 - self.primary
        await self._follow(new, self._nowhere)
        await asyncio.sleep(lost_s)
        self.join[old].kill()
        await self._order(new, "REPLICAOF", "NO", "ONE")
        self.switch.lead_to(self.ports[new])
        self.primary = new
        await asyncio.to_thread(self.join[old].start)
        await self._follow(old, self.ports[new])

    async def lose_join(self, away_s: float) -> None:
        """Everything in the join is gone, and it is away for a while."""
        await self._order(self.primary, "FLUSHALL")
        await asyncio.to_thread(self.join[self.primary].kill)
        self.switch.lead_to(self._nowhere)
        await asyncio.sleep(away_s)
        await asyncio.to_thread(self.join[self.primary].start)
        self.switch.lead_to(self.ports[self.primary])

    async def kill_join(self) -> None:
        """kill -9: what the append-only file did not get yet is lost."""
        await asyncio.to_thread(self.join[self.primary].kill)
        await asyncio.to_thread(self.join[self.primary].start)

    async def take_away(self, name: str, away_s: float) -> None:
        """A server is killed and comes back on its data."""
        server = self.stack.servers[name]
        await asyncio.to_thread(server.kill)
        await asyncio.sleep(away_s)
        await asyncio.to_thread(server.start)

    async def kill_everything(self) -> None:
        """kill -9 of every service and server at once."""
        parts = [*self.services.values(), self.stack.servers["kafka"], self.stack.servers["object-store"]]
        for part in [*parts, self.join[self.primary]]:
            part.kill()
        for server in (self.stack.servers["kafka"], self.stack.servers["object-store"], self.join[self.primary]):
            await asyncio.to_thread(server.start)
        for service in self.services.values():
            service.launch()

    async def roll(self) -> None:
        """Each service once, with SIGTERM, the next when it is ready again."""
        for service in self.services.values():
            await asyncio.to_thread(service.stop)
            service.launch()
            await asyncio.to_thread(service.wait_ready)

    async def until_ready(self) -> None:
        """Every service answers that it is ready; one that ended is started again."""
        for service in self.services.values():
            if service.process is None or service.process.poll() is not None:
                service.launch()
            await asyncio.to_thread(service.wait_ready)
