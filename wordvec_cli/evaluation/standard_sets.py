"""The word sets of Caliskan, Bryson and Narayanan 2017, whose ten tests are known as WEAT 1 to 10.

Source: the paper's supplement, where names that its own vectors lacked are left out of both sets
"""


def _words(text: str) -> list[str]:
    return text.split()


_FLOWERS = _words(
    "aster clover hyacinth marigold poppy azalea crocus iris orchid rose bluebell daffodil lilac pansy tulip "
    "buttercup daisy lily peony violet carnation gladiola magnolia petunia zinnia"
)
_INSECTS = _words(
    "ant caterpillar flea locust spider bedbug centipede fly maggot tarantula bee cockroach gnat mosquito termite "
    "beetle cricket hornet moth wasp blackfly dragonfly horsefly roach weevil"
)
_INSTRUMENTS = _words(
    "bagpipe cello guitar lute trombone banjo clarinet harmonica mandolin trumpet bassoon drum harp oboe tuba bell "
    "fiddle harpsichord piano viola bongo flute horn saxophone violin"
)
_WEAPONS = _words(
    "arrow club gun missile spear axe dagger harpoon pistol sword blade dynamite hatchet rifle tank bomb firearm "
    "knife shotgun teargas cannon grenade mace slingshot whip"
)
_PLEASANT = _words(
    "caress freedom health love peace cheer friend heaven loyal pleasure diamond gentle honest lucky rainbow diploma "
    "gift honor miracle sunrise family happy laughter paradise vacation"
)
_UNPLEASANT = _words(
    "abuse crash filth murder sickness accident death grief poison stink assault disaster hatred pollute tragedy "
    "divorce jail poverty ugly cancer kill rotten vomit agony prison"
)
_EUROPEAN_AMERICAN = _words(
    "Adam Harry Josh Roger Alan Frank Justin Ryan Andrew Jack Matthew Stephen Brad Greg Paul Jonathan Peter Amanda "
    "Courtney Heather Melanie Katie Betsy Kristin Nancy Stephanie Ellen Lauren Colleen Emily Megan Rachel"
)
_AFRICAN_AMERICAN = _words(
    "Alonzo Jamel Theo Alphonse Jerome Leroy Torrance Darnell Lamar Lionel Tyree Deion Lamont Malik Terrence Tyrone "
    "Lavon Marcellus Wardell Nichelle Shereen Ebony Latisha Shaniqua Jasmine Tanisha Tia Lakisha Latoya Yolanda "
    "Malika Yvette"
)
_EUROPEAN_AMERICAN_2 = _words(
    "Brad Brendan Geoffrey Greg Brett Matthew Neil Todd Allison Anne Carrie Emily Jill Laurie Meredith Sarah"
)
_AFRICAN_AMERICAN_2 = _words(
    "Darnell Hakim Jermaine Kareem Jamal Leroy Rasheed Tyrone Aisha Ebony Keisha Kenya Lakisha Latoya Tamika Tanisha"
)
_PLEASANT_2 = _words("joy love peace wonderful pleasure friend laughter happy")
_UNPLEASANT_2 = _words("agony terrible horrible nasty evil war awful failure")
_MALE_NAMES = _words("John Paul Mike Kevin Steve Greg Jeff Bill")
_FEMALE_NAMES = _words("Amy Joan Lisa Sarah Diana Kate Ann Donna")
_CAREER = _words("executive management professional corporation salary office business career")
_FAMILY = _words("home parents children family cousins marriage wedding relatives")
_MATHS = _words("math algebra geometry calculus equations computation numbers addition")
_ARTS = _words("poetry art dance literature novel symphony drama sculpture")
_MALE = _words("male man boy brother he him his son")
_FEMALE = _words("female woman girl sister she her hers daughter")
_SCIENCE = _words("science technology physics chemistry Einstein NASA experiment astronomy")
_ARTS_2 = _words("poetry art Shakespeare dance literature novel symphony drama")
_MALE_2 = _words("brother father uncle grandfather son he his him")
_FEMALE_2 = _words("sister mother aunt grandmother daughter she hers her")
_MENTAL = _words("sad hopeless gloomy tearful miserable depressed")
_PHYSICAL = _words("sick illness influenza disease virus cancer")
_TEMPORARY = _words("impermanent unstable variable fleeting short brief occasional")
_PERMANENT = _words("stable always constant persistent chronic prolonged forever")
_YOUNG = _words("Tiffany Michelle Cindy Kristy Brad Eric Joey Billy")
_OLD = _words("Ethel Bernice Gertrude Agnes Cecil Wilbert Mortimer Edgar")

WEAT = {
    name: dict(zip("XYAB", sets, strict=True))
    for name, sets in {
        "flowers-insects": (_FLOWERS, _INSECTS, _PLEASANT, _UNPLEASANT),
        "instruments-weapons": (_INSTRUMENTS, _WEAPONS, _PLEASANT, _UNPLEASANT),
        "american-names": (_EUROPEAN_AMERICAN, _AFRICAN_AMERICAN, _PLEASANT, _UNPLEASANT),
        "american-names-2": (_EUROPEAN_AMERICAN_2, _AFRICAN_AMERICAN_2, _PLEASANT, _UNPLEASANT),
        "american-names-3": (_EUROPEAN_AMERICAN_2, _AFRICAN_AMERICAN_2, _PLEASANT_2, _UNPLEASANT_2),
        "gender-career": (_MALE_NAMES, _FEMALE_NAMES, _CAREER, _FAMILY),
        "maths-arts": (_MATHS, _ARTS, _MALE, _FEMALE),
        "science-arts": (_SCIENCE, _ARTS_2, _MALE_2, _FEMALE_2),
        "mental-physical": (_MENTAL, _PHYSICAL, _TEMPORARY, _PERMANENT),
        "young-old": (_YOUNG, _OLD, _PLEASANT_2, _UNPLEASANT_2),
    }.items()
}
