"""Words that decide what a sentence says, in English and in Chinese: denials, directions, doubt, amounts, subjects."""

# ruff: noqa: RUF001, E501 - Chinese punctuation is meant; a pattern is one line

import re
from typing import Final


def any_of(*patterns: str) -> re.Pattern[str]:
    """Compile alternatives, whatever their case."""
    return re.compile("|".join(patterns), re.IGNORECASE)


# --- denial -------------------------------------------------------------------------------------------------------

NOT_DENIAL: Final = any_of(r"\bnot only\b", r"\bno (?:less|fewer|more) than\b", r"\bwhether or not\b", r"\bif not\b")
DENIAL: Final = any_of(
    r"\b(?:not|never|no|nor|neither|none|nothing|nobody|cannot|without|hardly|rarely|seldom|scarcely|barely|few|little)\b",
    r"n['’]t\b",
    r"\b(?:fail(?:s|ed|ing|ure)?|unable|lack(?:s|ed|ing)?|avoid(?:s|ed|ing)?|vanish(?:es|ed|ing)?|unchanged|impossible|"
    r"struggl(?:e|es|ed|ing)|rul(?:e|es|ed|ing) out|absence|absent|prevent(?:s|ed|ing)?)\b",
)
# What may stand for a denial in a faithful text: softer, and generous.
DENYING: Final = any_of(
    DENIAL.pattern,
    r"\b(?:un|in|im|ir|il|non|dis)-?[a-z]{4,}",
    r"\w-?(?:less|free)\b",
    r"\b(?:less|low|lower|limited|hard|difficult|challeng\w*|drop\w*|reduc\w*|remov\w*|eliminat\w*|open|zero|only|however|"
    r"but|exclud\w*|independent|agnostic|error\w*|beyond|unlike|instead of|rather than|small\w*|weak\w*|poor\w*|loss\w*|missing|need not|scarce\w*|suppress\w*|block\w*|decreas\w*|inhibit\w*|bypass\w*|ablat\w*|worse|constrain\w*|bottleneck\w*|gap|conflict\w*|violat\w*|contradict\w*|"
    r"despite|though|although|while|whereas|stays?|still|rare\w*)\b",
)
HAN_IDLE: Final = any_of(
    "不同", "不仅", "不断", "不管", "无论", "不论", "不少", "不久", "不得不", "未来", "非常", "不确定", "不变量", "无监督", "非线性", "无限", "无穷", "不等式",
    "除非", "免疫", "无线", "无人", "未知", "非负", "无偏", "不可或缺", "无损", "不稳定", "不规则", "不平衡", "不完整", "不一致", "非凸", "无序",
)  # fmt: skip
HAN_DENIAL: Final = any_of("不", "没", "无", "未", "并非", "难以", "缺乏", "避免", "免除", "而非")
HAN_DENYING: Final = any_of(
    "[不没无未非免缺难失否]", "避免", "消失", "停止", "而是", "很少", "极少", "少有", "较少", "困难", "吃力", "排除", "消除", "除去", "劣", "仅", "只", "防止", "有限", "鲜有", "绕过",
)  # fmt: skip
PREFIXES: Final = ("un", "in", "im", "ir", "il", "non", "dis")

# --- direction: on each axis, up and down --------------------------------------------------------------------------

AXES: Final[dict[str, tuple[re.Pattern[str], re.Pattern[str]]]] = {
    "size": (
        any_of(
            r"(?<![\w-])(?:increas\w*|higher|high|highest|larger|largest|greater|more|grow(?:s|n|ing|th)?|grew|rise[sn]?|rising|rose|above|"
            r"exceed\w*|longer|older|hotter|warmer|heavier|gain(?:s|ed)?|rais(?:e[sd]?|ing)|boost\w*|amplif\w*|expand\w*)(?![\w-])",
            "增加|以上|提高|提升|上升|升高|升到|升至|高于|大于|多于|超过|增大|增长|增多|越大|越多|越高|更(?!少|低|小|差|慢|弱|短|不|难|便宜|好|优|快|强|罕|冷|稀|轻|薄|窄|糟)",
        ),
        any_of(
            r"(?<![\w-])(?:decreas\w*|reduc\w*|lower(?:s|ed|ing)?|low|lowest|smaller|smallest|fewer|less|drop(?:s|ped)?|declin\w*|fall(?:s|ing|en)?|fell|"
            r"shr[aiu]nk\w*|cut(?:s|ting)?|below|under|shorter|younger|colder|cooler|diminish\w*|minimi[sz]\w*|vanish\w*|weaken\w*|"
            r"mitigat\w*|suppress\w*|sav(?:e[sd]?|ing)|alleviat\w*)(?![\w-])",
            "减少|以下|以内|降低|下降|降到|降至|更低|更小|更少|更短|更冷|低于|小于|少于|减小|缩小|缩短|减轻|减弱|越小|越少|越低|消失|少\\d|节省|缓解|抑制|最小化|最低",
        ),
    ),
    "quality": (
        any_of(
            r"(?<![\w-])(?:better|improv\w*|outperform\w*|superior|best|surpass\w*|beats?|enhanc\w*|stronger|strong|strongest)(?![\w-])",
            "优于|更好|改善|改进|超越|胜过|最佳|最好|最优|优越|增强|更强|更优|越好",
        ),
        any_of(
            r"(?<![\w-])(?:worse|degrad\w*|underperform\w*|inferior|worst|weaker|weak|deteriorat\w*|harms?|poor\w*)(?![\w-])",
            "劣于|更差|恶化|退化|较差|不如|逊于|更弱|变差|最差|下滑|更糟",
        ),
    ),
    "speed": (
        any_of(
            r"(?<![\w-])(?:faster|fastest|speed-?\s?ups?|speeds? up|accelerat\w*|quick\w*)(?![\w-])",
            "更快|变快|加速|提速|较快|快\\d|最快",
        ),
        any_of(r"(?<![\w-])(?:slower|slowest|slow|slows|slowly|slow(?:ed|ing) down)(?![\w-])", "更慢|减慢|较慢|慢"),
    ),
    "rarity": (
        any_of(
            r"(?<![\w-])(?:common|frequent\w*|widespread|abundant|more often|many|widely|most)(?![\w-])",
            "常见|普遍|频繁|许多|很多|大量|广泛",
        ),
        any_of(
            r"(?<![\w-])(?:rare\w*|seldom|uncommon|scarce\w*|few|little|less often)(?![\w-])",
            "罕见|稀少|稀有|少见|很少|少数|较少|极少|少有",
        ),
    ),
    "price": (
        any_of(r"(?<![\w-])(?:expensive|costly|costlier)(?![\w-])", "昂贵|更贵"),
        any_of(r"(?<![\w-])(?:cheap\w*|inexpensive)(?![\w-])", "便宜|廉价"),
    ),
    "sign": (any_of(r"\bpositive(?:ly)?\b", "正相关|正向"), any_of(r"\bnegative(?:ly)?\b", "负相关|负向")),
}

# --- doubt --------------------------------------------------------------------------------------------------------

DOUBT: Final = any_of(
    r"\b(?:may|might|possibly|potentially|perhaps|conjectur\w*|hypothes\w*|whether|unclear|preliminary|will be|cannot rule out|"
    r"could (?!not\b|n't)|remains? (?:open|unknown)|plan to|in the future|speculat\w*|we hope|promising)\b"
)
MILD_DOUBT: Final = any_of(
    r"\b(?:suggest\w*|appears?|seems?|likely|expected|indicat\w*|hints?|tentative\w*|believe|would|argue\w*)\b"
)
DOUBTING: Final = any_of(
    DOUBT.pattern,
    MILD_DOUBT.pattern,
    r"\b(?:can|could|potential|future|open|unknown|to be|plans?|planned|possible|upcoming)\b",
)
HAN_DOUBTING: Final = any_of(
    "可能|或许|也许|或|猜想|假设|推测|是否|能否|未知|初步|有待|待|将|会|预期|潜在|潜力|有望|提示|暗示|尚|不排除|无法排除|不能排除|希望|计划|未来|前景"
)  # fmt: skip

# --- claims that need their word in the source: (name, in a text, in the source) -------------------------------------

CLAIMS: Final[tuple[tuple[str, re.Pattern[str], re.Pattern[str]], ...]] = (
    (
        "a first",
        any_of(r"\bfor the first time\b", r"\bthe first (?:to|method|system|work|dataset|model|study|approach|time|framework)\b", "首次|首个|首创|第一次|首先提出|率先"),
        any_of(r"\bthe first\b(?! (?:stage|step|phase|part|place|half|term|order|one|approach|group|layer|two|three))", r"\bfirst (?:to|ever|known|time|measure\w*|detect\w*|observ\w*|\w+ (?:of|for|to))\b", r"\bfor the first time\b", r"\ba first\b", r"\bour first\b", r"^first\b"),
    ),
    (
        "experiments",
        any_of(r"\bexperiment\w*|\bempirical\w*|\bverified\b", "实验|验证"),
        any_of(r"experiment|empiric|evaluat|benchmark|\btest|measure|simulat|result|demonstrat|compar|validat|verif|observ|trial|numerical|data"),
    ),
    (
        "the best",
        any_of(r"\bstate[- ]of[- ]the[- ]art\b|\bsota\b|\bbest\b|\bunprecedented\b", "最先进|最佳|最好|最优|领先|最高"),
        any_of(r"state[- ]of[- ]the[- ]art|\bsota\b|\bbest\b|optim|unprecedented|highest|superior|leading|record|maxim|outperform|top"),
    ),
    (
        "a proof",
        any_of(r"\bprov(?:e[sdn]?|ing)\b|\bproof\b|\bguarantee\w*", "保证|严格证明|证明了|证实"),
        any_of(r"\bprov(?:e[sdn]?|ing|able|ably)\b|proof|guarantee|theorem|establish|demonstrat|show|verif|confirm|valid|evidence|ensur|deriv|result|find"),
    ),
    (
        "a large amount",
        any_of(r"\b(?:significant|substantial|dramatic|drastic|massive|huge)(?:ly)?\b", "显著|大幅|极大|大大|剧烈"),
        any_of(r"signific|substantial|dramatic|drastic|massive|huge|large|much|marked|considerabl|great|far|notabl|strong|sharp|remarkabl|order|vast|clear|superior|outperform|extensive|compelling|impressive|high|\d\s?(?:times|x\b|×)"),
    ),
    (
        "everything",
        any_of(r"\b(?:all|every|each|always|any|entire(?:ly)?|complete(?:ly)?|fully)\b", "所有|全部|总是|任何|完全|始终|一切|全都|全面"),
        any_of(r"\b(?:all|every\w*|each|any\w*|always|entire\w*|complete\w*|full\w*|whole|both|overall|consistent\w*|throughout|across|total\w*|general\w*|comprehensive\w*|universal\w*|arbitrar\w*|thorough\w*|exhaust\w*)\b", "∀"),
    ),
    (
        "a release",
        any_of(r"\b(?:publicly )?(?:available|open-?sourced?|released|released)\b", "开源|公开发布|已发布|已公开"),
        any_of(r"available|open-?sourc|releas|public|publish|https?:|code|provide"),
    ),
)  # fmt: skip

# --- subjects -----------------------------------------------------------------------------------------------------

OTHERS: Final = any_of(
    r"\b(?:existing|previous(?:ly)?|prior|earlier|conventional|traditional|other|others|classical|older|past|current|standard|unlike|"
    r"recent|many|most|in contrast|whereas earlier|baselines?|typical(?:ly)?|usual(?:ly)?|widely used|commonly)\b",
    "现有|已有|以往|之前|先前|过去|早期|传统|其他|当前|目前|常规|经典|基线|近期|最近|多数|通常|许多|常用",
)
OTHERS_SUBJECT: Final = any_of(
    r"(?:^|[,;:]\s|\b(?:whereas|while|but|although|and|that|however,?|because|since|when)\s)(?:most |many |some |all |several |the )?(?:existing|previous|prior|earlier|conventional|"
    r"traditional|current|other|classical|past|recent|state-of-the-art)\s(?:[\w-]+\s){0,4}?(?:[a-z-]+s|work|research|literature|practice)\b"
)
OURS: Final = any_of(
    r"\b(?:we|our|ours|us|this (?:paper|work|study|survey|article|letter)|the (?:paper|authors?|proposed \w+|new \w+|present \w+)|"
    r"(?:the|this) (?:method|model|framework|system|approach|construction|algorithm|design|dataset|proof|pipeline))\b",
    "本文|我们|该(?:方法|模型|框架|系统|论文|研究|工作|文|算法|数据集)|所提|作者|新方法|此方法|这种方法",
)
OURS_IN_QUOTE: Final = any_of(
    r"\b(?:we|our|ours|us|it|its|they|their|this|these|the (?:proposed|present|new|resulting|method|model|framework|system|approach|"
    r"paper|authors?|algorithm|dataset|code|results?|experiments?)|here|experiments?|results?|evaluations?)\b"
)
MAKING: Final = any_of(r"\b(?:proposes?|proposed|introduces?|introduced|presents?|presented)\b", "提出|引入|推出|发明")
MADE: Final = any_of(
    r"propos|introduc|present|develop|build|built|design|construct|creat|novel|\bnew\b|\bwe\b|\bour\b|called|named|termed|dubbed|"
    r"devise|formulat|recommend|provide|describ|releas|contribut|offer|establish|this (?:paper|work|survey|study|article)|argue"
)

RELATION: Final = re.compile(
    r"\b(one|many|few|two|three|any|all)[\s-]to[\s-](one|many|few|two|three|any|all|all)\b", re.IGNORECASE
)
HAN_RELATION: Final = re.compile("(一|多)对(一|多)")
HAN_RELATIONS: Final = {"一": "one", "多": "many"}

SPANS: Final[tuple[tuple[re.Pattern[str], re.Pattern[str]], ...]] = (
    (any_of(r"\bhours?\b", "[数几多]个?小时|小时级"), any_of(r"\bhours?\b|\bhour-long")),
    (any_of(r"\bminutes?\b", "[数几多]十?分钟|分钟级"), any_of(r"\bminutes?\b")),
    (any_of(r"\bdays?\b", "[数几]十?天"), any_of(r"\bdays?\b|daily")),
    (any_of(r"\bweeks?\b", "[数几]周"), any_of(r"\bweeks?\b|weekly")),
    (any_of(r"\bmonths?\b", "[数几]个月"), any_of(r"\bmonths?\b|monthly")),
    (any_of(r"\bdecades?\b", "[数几]十年"), any_of(r"\bdecades?\b")),
)

PAST_RELEASE: Final = any_of(
    r"\b(?:is|are|was|were|has been|have been) (?:now )?(?:publicly )?(?:available|released|open)",
    "已经?|公开可用|现已",
)
STOP: Final = frozenset(
    [
        "a",
        "an",
        "the",
        "of",
        "and",
        "or",
        "in",
        "on",
        "to",
        "is",
        "are",
        "was",
        "were",
        "be",
        "been",
        "with",
        "for",
        "by",
        "that",
        "this",
        "these",
        "those",
        "from",
        "at",
        "it",
        "its",
        "as",
        "than",
        "we",
        "our",
        "not",
        "no",
        "can",
        "could",
        "may",
        "might",
        "has",
        "have",
        "had",
        "into",
        "over",
        "under",
        "such",
        "which",
        "while",
        "when",
        "where",
        "also",
        "both",
        "their",
        "they",
        "them",
        "he",
        "she",
        "who",
        "whom",
        "whose",
        "will",
        "would",
        "there",
        "here",
        "then",
        "so",
        "but",
        "if",
        "only",
        "very",
        "more",
        "most",
        "less",
        "each",
        "per",
        "via",
        "using",
        "use",
        "used",
        "uses",
        "paper",
        "authors",
        "author",
        "work",
        "study",
        "method",
        "methods",
        "model",
        "models",
        "show",
        "shows",
        "shown",
        "find",
        "finds",
        "found",
        "propose",
        "proposes",
        "proposed",
        "present",
        "presents",
        "introduce",
        "introduces",
        "does",
        "do",
        "did",
        "between",
        "up",
        "out",
        "about",
        "after",
        "before",
        "during",
        "through",
        "new",
        "novel",
        "approach",
        "based",
        "one",
    ]
)

# --- terms: what a Chinese word must find in English (first letters of a word) ---------------------------------------

_TERMS: Final = """
数据集 dataset|data set|corpus|corpora|collection|benchmark|data
基准 benchmark|baseline
基线 baseline
训练 train|learn|fit
推理 inference|reason|infer
视频 video|film|clip
图像 image|visual|picture|photo|vision
语音 speech|voice|audio|spoken|asr
音频 audio|sound|speech
文本 text|document|transcript|language
语言模型 language model|llm|lm
路由 rout
专家 expert
连接 link|connect|network|join
带宽 bandwidth
困惑度 perplex
面部 fac
人脸 fac|portrait
运动 motion|move|dynamic|kinematic
动画 animat
说话 talk|speech|speak
用户 user|participant|customer|people
护士 nurse
患者 patient
小鼠 mice|mouse|murine
炎症 inflamm
药物 drug|medic
准确率 accura
速度 speed|fast|slow|veloc|rate|quick
内存 memory|ram
延迟 latenc|delay|lag
吞吐 throughput
快照 snapshot
租户 tenant
代码 code|implementation|software|program
暗物质 dark matter
子晕 subhalo|halo
透镜 lens
尘埃 dust
温度 temperature|warm|hot|cold|heat
类星体 quasar
红外 infrared
恒星 star|stellar
星系 galax
引力 gravit
图 graph|figure|map|image|diagram|chart|picture|plot|expander
迹方法 trace
猜想 conjectur
定理 theorem
企业 firm|compan|enterprise|business
铁路 rail|train
公路 road|highway
集装箱 container
价格 price|cost
碳 carbon
逻辑回归 logistic
随机森林 random forest|forest
参与者 participant|subject|respond|user
综述 survey|review|overview
论文 paper|stud|article|work|publication|literature|survey
对齐 align
噪声 noise|noisy
扩散 diffus
注意力 attent
强化学习 reinforcement
机器人 robot
攻击 attack|adversar|malicious
隐私 privac|private
量子 quantum
超导 superconduct
磁 magnet
蛋白 protein
基因 gene|genom
细胞 cell
医学 medic|clinic|health
翻译 translat
检索 retriev|search
推荐系统 recommend
生成 generat|produc|synthes|creat|render|form
分类 classif|categor|class
分割 segment
检测 detect
三维 3d|three-dimension|3-d
二维 2d|two-dimension
小企业 small
大企业 large
高纤维 fibre|fiber
丁酸 butyr
大洲 continent
英语 english
自动化 automat
年龄 age|old
""".strip().splitlines()
TERMS: Final[tuple[tuple[str, tuple[str, ...]], ...]] = tuple(
    (line.split(" ", 1)[0], tuple(line.split(" ", 1)[1].split("|"))) for line in _TERMS
)
