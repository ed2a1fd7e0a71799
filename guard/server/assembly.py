"""How do settings and rules become the parts of one worker?"""

from guard.core.autonomous_systems import UNKNOWN
from guard.core.conduct import ConductJudge
from guard.core.facts import RequestFacts
from guard.core.header_print import MASKS
from guard.core.referrers import Referrers
from guard.evidence.private import PrivatePaths
from guard.exporter.access_log import AccessLog
from guard.exporter.metrics import Metrics
from guard.server.ahead import Ahead
from guard.server.answers import Answers
from guard.server.appeals import Appeals
from guard.server.arrivals import Arrivals
from guard.server.behaviour import Behaviour
from guard.server.canaries import Canaries, canaries_of
from guard.server.cards import CardStock
from guard.server.census import Census
from guard.server.challenge import ChallengeOptions, Challenges, SpentChallenges
from guard.server.configured_site import site_of
from guard.server.crowds import CrowdWatch
from guard.server.deciding import Deciding
from guard.server.decoys import Decoys
from guard.server.forward_auth import DecisionPoint
from guard.server.given import Given
from guard.server.hand_over import HandOver
from guard.server.identities import Identities, IdentityOptions
from guard.server.identity_sources import IdentitySources
from guard.server.image_workers import ImageWorkers
from guard.server.in_image import InImage
from guard.server.instead import Substitutes
from guard.server.intake import Intake
from guard.server.licences import Licences
from guard.server.log_head import LogHead
from guard.server.mark_ids import MarkIds
from guard.server.mark_rotation import MarkRotation
from guard.server.marked import MarkedCopies
from guard.server.online import PicturesOnline
from guard.server.pack_builder import PACK_SECONDS, PackBuilder
from guard.server.pages import Pages
from guard.server.picture_rights import signing_folder
from guard.server.pictures import Pictures, Sizes
from guard.server.plain_visits import PlainVisits
from guard.server.proxy import Proxy
from guard.server.pulse import Pulse
from guard.server.questions import Questions
from guard.server.recorder_client import RecorderClient
from guard.server.records import Records, utc_now
from guard.server.reports import Reports
from guard.server.rights_workers import RightsWorkers
from guard.server.rules_in_force import load_pipeline
from guard.server.search_guard import SearchGuard
from guard.server.self_requests import SelfRequests
from guard.server.shared_limits import limiter_of
from guard.server.site import Sites
from guard.server.spoe import SpoeServer
from guard.server.tickets import tickets_of
from guard.server.unclassified import Unclassified
from guard.server.under_way import UnderWay
from guard.server.upstream import Timeouts, UpstreamClient
from guard.server.upstream_requests import UpstreamRequests
from guard.server.upstream_robots import UpstreamRobots
from guard.server.well_known import WellKnown
from guard.settings import Settings
from guard.store import decoy_secret, visible_marks
from guard.store import upstream_robots as robots_files
from guard.store.day_files import FOLDER as DAYS
from guard.store.licences import LicenceBook
from guard.store.mark_keys import folder_in
from guard.store.mark_keys import load as load_mark_keys
from guard.store.packs import PackFolder
from guard.store.pictures_online import FILE as PICTURES_FILE
from guard.store.robots_versions import RobotsVersions
from guard.store.rule_files import load_behaviour, load_crawler_files, rules_root


class Worker:
    """The parts that one worker process holds, and their life."""

    def __init__(self, settings: Settings, given: Given) -> None:
        """Build everything that needs no running event loop.

        Raises:
            ConfigurationError: The rules have faults.
        """
        self._settings = settings
        self._given = given
        as_of = given.as_of
        root = rules_root().path
        self.pipeline = load_pipeline(settings)
        files, ranges = load_crawler_files(root)
        self._referrers = Referrers({domain: file.operator for file in files for domain in file.referrers})
        self._identities = Identities(
            self.pipeline.catalogue,
            ranges,
            root / "ranges",
            IdentityOptions(
                reverse_dns=settings.identity.reverse_dns,
                key_directories=settings.identity.key_directories,
                refresh=settings.identity.refresh,
                kept=settings.evidence.directory / "guard" / "ranges",
            ),
            now=utc_now,
        )
        licences = settings.licences
        self.metrics = Metrics()
        self._limiter = limiter_of(settings, self.metrics)
        book = LicenceBook(licences.directory) if licences.accept and licences.directory else None
        self._licences = Licences(book, allowances=self._limiter)
        judge = ConductJudge(load_behaviour(root), MASKS[settings.behaviour.front])
        robots_versions = RobotsVersions(settings.evidence.directory / "guard" / "robots")
        self._behaviour = Behaviour(given.clients, judge, robots_versions, given.portfolios)
        secret = decoy_secret.file_in(settings.evidence.directory)
        self._decoys = Decoys(decoy_secret.load_or_create(secret)) if settings.behaviour.decoys else None
        self.sites = Sites(
            [site_of(settings, site, self.pipeline.catalogue, as_of, self._decoys) for site in settings.sites]
        )
        self._tickets = tickets_of(settings, self.pipeline.policy, self.metrics.tickets)
        self.search_guard = SearchGuard(
            self.pipeline,
            given.own_token,
            self.metrics.search_guard_checks,
            self.metrics.search_guard_different,
            now=utc_now,
        )
        self.recorder = RecorderClient()
        self._private = PrivatePaths(settings.evidence.private)
        self._online = PicturesOnline(settings.evidence.directory / PICTURES_FILE, now=utc_now, private=self._private)
        self._images = ImageWorkers()
        self._rights = RightsWorkers(signing_folder(settings))
        self._mark_key = load_mark_keys(folder_in(settings.evidence.directory)).newest if settings.marks.copies else b""
        self._packs: PackBuilder | None = None
        self._rotation: MarkRotation | None = None
        self._ahead: Ahead | None = None
        self._canaries: Canaries | None = None
        self._upstreams: dict[str, UpstreamClient] = {}
        self._cards: CardStock | None = None
        self._records: Records | None = None
        self._reports: Reports | None = None
        self._robots: UpstreamRobots | None = None
        self.decisions: DecisionPoint | None = None
        """What answers front servers that only ask; once started."""
        self.spoe: SpoeServer | None = None
        """What answers HAProxy; once started."""
        self.visits: PlainVisits | None = None
        """What answers people at once; None where pictures are shown with tickets only."""

    async def start(self, recorder_socket: str, address: object) -> Proxy:
        """Connect, and return what answers requests."""
        settings = self._settings
        sizes = Sizes(
            thumbnail=settings.images.thumbnail_side,
            display=settings.images.display_side,
            preview=settings.images.preview_side,
        )
        timeouts = Timeouts(connect=settings.timeouts.connect, read=settings.timeouts.read)
        under_way = UnderWay()
        self._upstreams = {site.host: UpstreamClient(site.upstream, timeouts, under_way) for site in self.sites.all}
        await self.recorder.connect(recorder_socket)
        clients = self._given.clients
        self._records = Records(
            self.recorder,
            self.pipeline.policy,
            Unclassified(
                self.recorder,
                is_crawler=lambda key: bool(clients.standing(key)),
                system_of=self._system_of,
                sampled=settings.decisions.cache_seconds,
            ),
            self.metrics,
            now=utc_now,
            system_of=self._system_of,
            private=self._private,
            sources=IdentitySources(self._identities),
            sampled=settings.decisions.cache_seconds,
        )
        self._records.start()
        self._robots = UpstreamRobots(
            self.sites,
            self._upstreams,
            settings.evidence.directory / robots_files.FOLDER,
            every=settings.upstream_robots.every,
            asks=self._given.asks_itself,
            looks=self.metrics.upstream_robots,
            changed=self._records.came_into_force,
            now=utc_now,
        )
        await self._robots.start()
        if self._given.asks_itself:
            for site in self.sites.all:
                site.reservation("")
            await self._records.came_into_force(*self.sites.all)
        pulse = Pulse(
            self.metrics,
            records_pending=lambda: self.recorder.pending,
            packs_waiting=lambda: self._packs.waiting if self._packs else 0,
        )
        census = Census(settings.evidence.directory / DAYS, now=utc_now, private=self._private)
        self._reports = Reports(self.metrics, AccessLog(settings.access_log), census, pulse, self._referrers)
        self._reports.start()
        self._identities.start()
        self._limiter.start()
        self._online.start()
        if self._given.asks_itself:
            check = settings.search_check
            self.search_guard.start(address, first=check.first, every=check.every)
        self._cards = CardStock(self._images)
        for site in self.sites.all:
            self._cards.warm(site.owner)
        pages = Pages(self._decoys)
        upstreams = UpstreamRequests(self._upstreams, sizes, self.metrics, left_out=pages.left_out)
        if any(site.in_image for site in self.sites.all):
            self._rights.warm()
        in_image = InImage(self._rights, upstreams, self.metrics)
        intake = Intake(self.sites, settings.client_ip.policy(), utc_now, settings.behaviour.hints.fields())
        arrivals = Arrivals(
            intake=intake,
            sites=self.sites,
            identities=self._identities,
            behaviour=self._behaviour,
            crowds=CrowdWatch(
                self._given.crowds,
                learning_until=self._given.learning_until.timestamp(),
                since=self._given.started,
                systems=self._given.systems,
            ),
            pipeline=self.pipeline,
            licences=self._licences,
            decoys=self._decoys,
            tickets=self._tickets,
            search_guard=self.search_guard,
            metrics=self.metrics,
        )
        challenges = Challenges(
            self._given.challenge_key,
            SpentChallenges(self._given.spent_challenges),
            ChallengeOptions(
                bits=settings.challenge.bits if settings.challenge.proof_of_work else 0,
                pass_seconds=settings.challenge.pass_hours * 3600,
            ),
            rules=self.pipeline.policy.digest,
        )
        deciding = Deciding(
            self.pipeline,
            challenges,
            self._licences,
            learning_until=self._given.learning_until,
            pause=self._given.pause,
            limiter=self._limiter,
        )
        answers = Answers(self._cards, settings.licences.forms())
        hand_over = HandOver(
            intake=intake, arrivals=arrivals, deciding=deciding, records=self._records, reports=self._reports,
            metrics=self.metrics,
        )  # fmt: skip
        questions = Questions(
            settings.decisions.askers(settings.decisions.listen), settings.client_ip.policy(), sites=self.sites,
            arrivals=arrivals, deciding=deciding, hand_over=hand_over, metrics=self.metrics, now=utc_now,
            cache_seconds=settings.decisions.cache_seconds,
        )  # fmt: skip
        self.decisions = DecisionPoint(
            questions, arrivals=arrivals, upstreams=upstreams, deciding=deciding, answers=answers,
            challenges=challenges, records=self._records, reports=self._reports, metrics=self.metrics, sizes=sizes,
        )  # fmt: skip
        self.spoe = SpoeServer(hand_over, settings.decisions.askers(settings.decisions.spoe))
        marked = self._marked_copies(upstreams, in_image)
        self._prepare_ahead(address)
        if marked is not None and self._decoys is not None and settings.canaries is not None:
            self._canaries = canaries_of(settings.canaries, settings.evidence.directory, marked, self.metrics.canaries)
            self._decoys.offer(self._canaries, self.recorder, [site.host for site in self.sites.all], utc_now)
        proxy = Proxy(
            arrivals=arrivals,
            upstreams=upstreams,
            deciding=deciding,
            answers=answers,
            appeals=Appeals(self.recorder, self.metrics, rules=self.pipeline.policy.digest),
            in_image=in_image,
            substitutes=Substitutes(Pictures(self._images, sizes), marked, in_image, self.metrics),
            challenges=challenges,
            well_known=WellKnown(LogHead(settings.evidence.directory)),
            records=self._records,
            reports=self._reports,
            metrics=self.metrics,
            decoys=self._decoys,
            tickets=self._tickets,
            pages=pages,
            online=self._online,
            search_guard=self.search_guard,
        )
        if self._tickets is None:
            self.visits = PlainVisits(
                proxy, arrivals=arrivals, deciding=deciding, upstreams=upstreams, pages=pages, records=self._records,
                metrics=self.metrics,
            )  # fmt: skip
        return proxy

    def _prepare_ahead(self, address: object) -> None:
        """Have packs made before a suspect asks, of what sitemaps lead to; `address` is the guard's own."""
        marks, packs = self._settings.marks, self._packs
        if packs is not None and marks.ahead and self._given.asks_itself:
            self._ahead = Ahead(SelfRequests(self._given.own_token, {}), self.sites.all, lambda: packs.idle)
            self._ahead.start(address, first=marks.ahead_after)

    def _system_of(self, facts: RequestFacts) -> int:
        """Return the autonomous system of the client's address; 0 where the operator supplies no file that knows."""
        systems, address = self._given.systems, facts.client.address
        return UNKNOWN if systems is None or address is None else systems.number_of(address)

    def _marked_copies(self, upstreams: UpstreamRequests, in_image: InImage) -> MarkedCopies | None:
        if not self._mark_key:
            return None
        marks = self._settings.marks
        keys = folder_in(self._settings.evidence.directory)
        folder = PackFolder(keys / "packs", marks.disk_mib << 20)
        for site in self.sites.all:
            if site.across_copies is not None:
                visible_marks.remember(keys, site.across_copies)
        # A process of its own: while a pack is made, previews and cards must not wait.
        workers = ImageWorkers(timeout=PACK_SECONDS)
        self._packs = PackBuilder(self._mark_key, folder, workers, self.metrics.packs, self.metrics.pack_seconds)
        self._rotation = MarkRotation(keys, self._packs)
        self._rotation.start()
        copies = MarkedCopies(MarkIds(self._given.mark_ids), self._packs, upstreams, in_image, ahead=marks.ahead)
        in_image.looked_at = copies.looked_at
        return copies

    async def stop(self) -> None:
        """Write what is left to write, and close everything."""
        self._behaviour.settle()
        if self._robots is not None:
            await self._robots.stop()
        if self._records is not None:
            await self._records.stop()
        if self._reports is not None:
            await self._reports.stop()
        await self._online.stop()
        await self._identities.stop()
        await self._limiter.stop()
        await self.recorder.close()
        if self._cards is not None:
            await self._cards.close()
        await self._images.close()
        await self._rights.close()
        if self._ahead is not None:
            await self._ahead.stop()
        if self._rotation is not None:
            await self._rotation.stop()
        if self._canaries is not None:
            await self._canaries.stop()
        if self._packs is not None:
            await self._packs.close()
        for client in self._upstreams.values():
            await client.close()
