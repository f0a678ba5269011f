"""First names, and places with their time zones."""

NAMES = (
    "Ada", "Amara", "Anders", "Anja", "Arjun", "Astrid", "Ben", "Bram", "Camille", "Carlos",
    "Chidi", "Clara", "Dani", "Daria", "David", "Elif", "Elena", "Emil", "Emma", "Farah",
    "Felix", "Freya", "Gabriel", "Grace", "Hana", "Hannah", "Hugo", "Ida", "Ines", "Isaac",
    "Ivan", "Jamal", "Jana", "Jonas", "Juan", "Julia", "Kai", "Karim", "Kasia", "Kenji",
    "Lars", "Laura", "Leila", "Leo", "Linh", "Lucia", "Maja", "Malik", "Marco", "Maria",
    "Marta", "Mateo", "Mei", "Mia", "Milan", "Mina", "Nadia", "Nils", "Noah", "Nora",
    "Olga", "Oscar", "Paula", "Priya", "Quinn", "Rafael", "Ravi", "Rosa", "Ruth", "Sam",
    "Sara", "Selma", "Sofia", "Stefan", "Tariq", "Thea", "Tomas", "Uma", "Viktor", "Wanda",
    "Yara", "Yusuf", "Zoe",
)  # fmt: skip

PLACES = (
    ("", "UTC"),
    ("Amsterdam", "Europe/Amsterdam"),
    ("Auckland", "Pacific/Auckland"),
    ("Bergen", "Europe/Oslo"),
    ("Cape Town", "Africa/Johannesburg"),
    ("Edinburgh", "Europe/London"),
    ("Graz", "Europe/Vienna"),
    ("Guadalajara", "America/Mexico_City"),
    ("Halifax", "America/Halifax"),
    ("Kyoto", "Asia/Tokyo"),
    ("Lisbon", "Europe/Lisbon"),
    ("Mumbai", "Asia/Kolkata"),
    ("Napa", "America/Los_Angeles"),
    ("Seville", "Europe/Madrid"),
    ("Savannah", "America/New_York"),
)
