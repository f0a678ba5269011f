"""What couples can choose from: interests, the tasks that follow from them, and milestones."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

FEWEST_INTERESTS = 3
MOST_INTERESTS = 5
TASKS_FROM_INTERESTS = 16


@dataclass(frozen=True)
class InterestChoice:
    slug: str
    label: str
    blurb: str


@dataclass(frozen=True)
class TaskTemplate:
    """A task that a couple gets. `interest` is blank for the ones that everybody gets."""

    slug: str
    title: str
    days_before: int
    interest: str = ""


@dataclass(frozen=True)
class MilestoneGoal:
    """Reached with `percent` of the tasks done; 0 percent is the first task."""

    key: str
    title: str
    percent: int

    def tasks_needed(self, total: int) -> int:
        return max(1, -(-total * self.percent // 100))


INTERESTS = (
    InterestChoice("music", "Music", "The band, the first dance, the song you leave to"),
    InterestChoice("food", "Food and drink", "The meal, the cake, what is poured"),
    InterestChoice("flowers", "Flowers", "Bouquets, tables, the arch"),
    InterestChoice("photography", "Photos and film", "Someone to keep the day"),
    InterestChoice("dress", "Clothes", "What you wear, and who fits it"),
    InterestChoice("venue", "The place", "Where it happens, in sun and in rain"),
    InterestChoice("guests", "Guests", "Who comes, where they sleep, where they sit"),
    InterestChoice("honeymoon", "Honeymoon", "Where you go when it is over"),
    InterestChoice("stationery", "Invitations", "Paper, words, and replies"),
    InterestChoice("ceremony", "Ceremony", "Vows, readings, who stands with you"),
)
INTEREST_SLUGS = tuple(interest.slug for interest in INTERESTS)

_FOR_EVERYBODY = (
    TaskTemplate("budget", "Agree on what you want to spend", 330),
    TaskTemplate("guest-count", "Guess how many guests there will be", 320),
    TaskTemplate("save-the-date", "Tell everyone the date", 240),
    TaskTemplate("papers", "Find out which papers you need", 180),
    TaskTemplate("rings", "Choose the rings", 120),
    TaskTemplate("helpers", "Ask someone to be in charge on the day", 90),
    TaskTemplate("schedule", "Write down the day, hour by hour", 30),
    TaskTemplate("payments", "Check what is still to be paid", 14),
    TaskTemplate("bags", "Pack a bag for the day", 2),
)
# The most important one first: a couple with more interests gets fewer tasks from each.
_BY_INTEREST = {
    "music": (
        ("music-ask", "Ask two bands or DJs for an offer", 240),
        ("music-first-dance", "Choose the first dance", 60),
        ("music-list", "Write the list of songs, and of those never to play", 30),
        ("music-ceremony", "Choose what is played when you walk in", 75),
        ("music-lessons", "Take a dancing lesson", 100),
    ),
    "food": (
        ("food-caterer", "Ask two caterers for an offer", 250),
        ("food-tasting", "Go to a tasting", 150),
        ("food-cake", "Order the cake", 90),
        ("food-diets", "Collect what guests can't eat", 45),
        ("food-drinks", "Decide on the drinks", 70),
    ),
    "flowers": (
        ("flowers-florist", "Find a florist", 200),
        ("flowers-bouquet", "Choose the bouquet", 90),
        ("flowers-tables", "Decide what stands on the tables", 75),
        ("flowers-season", "Look up what is in season", 210),
        ("flowers-delivery", "Fix when and where flowers arrive", 10),
    ),
    "photography": (
        ("photography-book", "Book a photographer", 270),
        ("photography-list", "List the pictures you must have", 30),
        ("photography-portraits", "Choose a spot for the portraits", 60),
        ("photography-film", "Decide whether you want a film", 220),
        ("photography-sharing", "Choose how guests share their pictures", 21),
    ),
    "dress": (
        ("dress-look", "Try on what you might wear", 280),
        ("dress-order", "Order what you will wear", 210),
        ("dress-fitting", "Go to the last fitting", 21),
        ("dress-shoes", "Buy shoes, and walk in them", 60),
        ("dress-party", "Agree on what the wedding party wears", 120),
    ),
    "venue": (
        ("venue-visit", "Visit three places", 310),
        ("venue-book", "Book the place", 290),
        ("venue-rain", "Make a plan for rain", 40),
        ("venue-layout", "Draw where the tables stand", 28),
        ("venue-sound", "Ask how long music may play", 130),
    ),
    "guests": (
        ("guests-list", "Write the guest list", 260),
        ("guests-rooms", "Reserve rooms for those who travel", 170),
        ("guests-seating", "Decide who sits where", 18),
        ("guests-transport", "Plan how everyone gets home", 35),
        ("guests-children", "Think of something for the children", 50),
    ),
    "honeymoon": (
        ("honeymoon-choose", "Choose where to go", 190),
        ("honeymoon-book", "Book the journey", 140),
        ("honeymoon-passports", "Check passports and visas", 110),
        ("honeymoon-leave", "Ask for the days off", 160),
        ("honeymoon-pack", "Pack for the journey", 5),
    ),
    "stationery": (
        ("stationery-words", "Write what the invitation says", 130),
        ("stationery-send", "Send the invitations", 100),
        ("stationery-replies", "Count the replies", 32),
        ("stationery-addresses", "Collect the addresses", 145),
        ("stationery-thanks", "Choose cards to say thank you", 15),
    ),
    "ceremony": (
        ("ceremony-officiant", "Find who marries you", 230),
        ("ceremony-vows", "Write your vows", 25),
        ("ceremony-witnesses", "Ask your witnesses", 175),
        ("ceremony-readings", "Choose the readings", 55),
        ("ceremony-rehearsal", "Rehearse the walk", 3),
    ),
}

MILESTONES = (
    MilestoneGoal("first_task", "The first task", 0),
    MilestoneGoal("quarter", "A quarter of the way", 25),
    MilestoneGoal("half", "Halfway", 50),
    MilestoneGoal("three_quarters", "Three quarters done", 75),
    MilestoneGoal("all", "Everything done", 100),
)
MILESTONE_KEYS = tuple(goal.key for goal in MILESTONES)

TASK_TEMPLATES = _FOR_EVERYBODY + tuple(
    TaskTemplate(slug, title, days_before, interest)
    for interest, rows in _BY_INTEREST.items()
    for slug, title, days_before in rows
)


def tasks_for(interests: Iterable[str]) -> list[TaskTemplate]:
    """The tasks of a couple with these interests, the earliest first: about 24, however many."""
    chosen = set(interests)
    each = TASKS_FROM_INTERESTS // max(len(chosen), 1)
    picked = [task for task in TASK_TEMPLATES if not task.interest]
    for interest in INTEREST_SLUGS:
        if interest in chosen:
            picked += [task for task in TASK_TEMPLATES if task.interest == interest][:each]
    return sorted(picked, key=lambda task: (-task.days_before, task.slug))


def due_date(task: TaskTemplate, *, wedding_date: date | None, today: date) -> date | None:
    """When a task is good to be done by. Never before today: a list that begins late only shames."""
    if wedding_date is None:
        return None
    return max(wedding_date - timedelta(days=task.days_before), min(today, wedding_date))


def label_of(interest: str) -> str:
    return next((choice.label for choice in INTERESTS if choice.slug == interest), interest)


def goals_met(*, done: int, total: int) -> list[MilestoneGoal]:
    return [goal for goal in MILESTONES if total and done >= goal.tasks_needed(total)]
