"""Words in both languages that `translation` goes by: what may be said, what must be, and what a number hides in."""

# ruff: noqa: RUF001, E501 - Chinese punctuation is meant; a rule is one line

import re
from typing import Final

_Pair = tuple[re.Pattern[str], re.Pattern[str]]


def _pairs(table: str) -> tuple[_Pair, ...]:
    """Read 'this :: that' lines as two patterns each."""
    lines = (line.partition(" :: ") for line in table.strip().splitlines())
    return tuple((re.compile(one, re.IGNORECASE), re.compile(other, re.IGNORECASE)) for one, _, other in lines)


HARMLESS: Final = _pairs(r"""
联系 :: connect|relat|link|contact|associat|correlat|\bti(?:e|ed|es|ing)\b|bridg|correspond|coupl|communicat|interplay
点击 :: click
全文 :: (?:full|entire|whole|complete)[- ](?:text|article|paper|document|length)
作为一个 :: \bas\b|serv|act|treat|consider|an? [a-z-]+
工作量 :: workload|effort|labou?r|amount of work
创新点 :: innovat|novel
无法(?:获取|确认|准确|评估|访问|得知|提供) :: \b(?:not|cannot|without|unable|fails?|lacks?|never|no)\b|n't\b|impossib|inaccess|infeasib|unavail|inaccura
由于(?:缺乏|无法|没有) :: lack|absen|due|because|since|without|\bnot\b|cannot|missing
希望(?:这|本|以上|对|能) :: hope|desir|wish|want|aim
具体(?:细节|内容)(?:可能)?(?:需|请|未) :: detail|specific|content
未提及 :: mention
摘要(?:中|未|没有) :: abstract|summar
待(?:补充|确认|提供|填|定|更新|添加) :: to be|remain|await|pending|unknown|undetermined|confirm|open|fill|updat
占位 :: placeholder|occup
填写 :: fill|complet
由.{2,14}(?:完成|提出|开发) :: \bby\b|propos|introduc|develop|due to|\bof\b
等人 :: et al|collaborat|colleague|co-?worker|coauthor|and others|\b(?:18|19|20)\d\d\b
单位(?=为|是|:|：)|所属|隶属 :: \bunits?\b|belong|\bown|affiliat|member|correspond
完美|卓越|突破性|里程碑|革命性|顶级 :: perfect|excel|superior|outstand|remark|exception|break|revolution|milestone|landmark|top|great|state-of
不超过\d*[^。]{0,4}(?:词|字) :: at most|no more|up to|exceed|within|fewer|less
以上(?:是|就是|内容) :: above|over|more than|at least|exceed|beyond
(?:研究)?背景\s?[:：] :: background:|context:|introduction:
目的\s?[:：] :: purpose:|objectives?:|aims?:|goal:
方法\s?[:：] :: methods?:|methodology:|approach:|techniques?:|approaches:
结论\s?[:：]|总结\s?[:：] :: conclusions?:|summary:|discussion:
如下\s?[:：]? :: :\s|follow
代码[^。]{0,4}[:：] :: \bcode|implement
以下(?:内容|是)|(?:以下|下面)(?:论文) :: follow|below|under
研究意义在于 :: significan|importan
大学|学院|公司|集团|实验室|研究所|研究院 :: universit|college|compan|corporat|firm|laborator|institut|academ|school|group|in-?house|\blabs?\b
教授 :: professor|teach|instruct
""")  # fmt: skip
"""(Chinese that `grounding_form` takes for chatter or a template, the English that makes it an honest word)."""

TASK: Final = _pairs(r"""
译文|译者|译注|(?:翻译|译)(?:如下|结果|完成|成中文|为中文|完毕)|(?:中文|以下|下面|上面|摘要)的?翻译|(?:以上|以下|下面)是.{0,8}翻译|\btranslation\s*[:：]|\btranslate\b :: translat
原文 :: original|source|full text|document
请(?:将|把|翻译|勿|不要|直接|只|注意|你)|你是一|你的任务|只输出|不要添加|(?:不要|无需)(?:任何)?解释|我已(?:经)?(?:忽略|尽力|完成|将) :: (?!)
""")  # fmt: skip
"""(What a translator says of its task, the English that makes it the paper's own words)."""

WORDS: Final = _pairs(r"""
\b(?:propos|introduc|present|develop) :: 提出|引入|引进|介绍|推出|开发|给出|发展|呈现|设计|研制|展示|报告|构建|现|展
\bmodel :: 模型|建模|模|模式
\b(?:method|approach) :: 方法|途径|方式|方案|法
\bdata :: 数据|资料|库
\bresults? :: 结果|结论|成果|导致|定理
\b(?:show|demonstrat|prove[sdn]?\b|proof) :: 表明|显示|证明|展示|说明|证实|证|呈现|展现
\b(?:experiment) :: 实验|试验
\btrain(?:ed|ing|s)?\b :: 训练|训|培
\blearn :: 学习|学|习
\bperform :: 性能|表现|效果|执行|进行|绩|运行|作
\balgorithm :: 算法
\bnetwork :: 网络|网
\bsystem :: 系统|体系|方程组|系|制度
\btheor :: 理论|定理|论
\bfunctions? :: 函数|功能|泛函|官能
\bequation :: 方程|公式|式
\bproblem :: 问题|难题
\bgenerat :: 生成|产生|发|代
\banaly[sz] :: 分析|解析
\bstud(?:y|ies|ied) :: 研究|探讨|考察|工作
\bcomput :: 计算|算
\bsimulat :: 模拟|仿真
\bmeasur :: 测|度|量
\bobserv :: 观测|观察|看到|观|发现
\bpredict :: 预测|预言|预报|预
\bstructur :: 结构|构
\bparamet :: 参数|参量|参
\bimages?\b :: 图像|影像|像|图
\blanguages? :: 语言|语
\bquantum :: 量子
\benerg :: 能
\bmagnet :: 磁
\bgalax :: 星系|银河
\bstars?\b|\bstellar :: 恒星|星
\bspaces?\b|\bspatial :: 空间|太空|空
\btime\b|\btemporal :: 时
\bdistribut :: 分布|分配|配
\bprobab :: 概率|可能|几率
\boptim :: 优化|最优|最佳|优
\bgraphs?\b :: 图
\bagents? :: 智能体|代理|剂|主体
\btasks? :: 任务
\bbenchmark :: 基准|测评|评测
\bhuman :: 人
\busers?\b :: 用户|使用者
\b(?:optic|light|photon|laser) :: 光|轻
\bparticles? :: 粒子|颗粒|粒|质点
\btemperature :: 温
\bphases?\b :: 相|阶段|期
\bsolutions? :: 解|溶液|方案
\bbounds?\b :: 界|约束|限|束缚
\berrors? :: 误|错
\bnois[ey] :: 噪
\bframework :: 框架|体系
\bdetect :: 检测|探测|发现|测|察
\brobot :: 机器人
\bvideo :: 视频|影
\bspeech :: 语音|言语|说话|语
\bprotein :: 蛋白
\bcells? :: 细胞|单元|胞|格|电池
\bpatients? :: 患者|病人|病
\bcode :: 代码|编码|码|编程
\bnew\b|\bnovel :: 新
\bdifferent|\bvarious|\bdiverse :: 不同|各|异|多|种
\blarge|\bbig :: 大|巨
\bgroups? :: 群|组|团|族
\b(?:space|vector|manifold)\b :: 空间|向量|矢量|流形
\bmatri(?:x|ces) :: 矩阵
\bproof|\btheorem :: 证|定理
\bcondition :: 条件|状|况
\bproperty|\bproperties :: 性质|性|特
\bfields?\b :: 场|领域|域|野
\bstates?\b :: 态|状|州|国
\binteract :: 相互作用|交互|互
\bdynamic :: 动
\bfrequen :: 频
\bsource :: 源
""")  # fmt: skip
"""(English that may stand in an abstract, the Chinese of which one must answer it)."""

ORDINARY: Final = frozenset(
    """AI LLM LLMs VLM MLLM ML DL RL NLP CNN GNN DNN RNN ANN NN GAN API GPU GPUs CPU IoT UAV PDE ODE SDE DNA RNA UV IR RGB
    US USA UK EU UN PhD CT MRI EEG ECG EHR COVID COVID-19 SARS-CoV-2 STEM HIV GDP PCA OOD SOTA QA VR AR XR HCI CV PC CMB
    AGN ISM QCD QED LHC EFT SM BSM NMR HPC SNR GRB CFD DFT NFT DAG SGD IID WLAN GHz MHz kHz THz GeV MeV keV TeV meV eV
    Mpc kpc Gpc Gyr Myr kyr dB dBm mW kW MW GW GB MB TB KB Gbps Mbps pH fb pb km ms cm nm mm kg Hz Jy mJy rms vs etc
    AND OR NOT II III TV HD PDF ID IDs GPS SUSY GUT CP MCMC WIMP WIMPs MHD SVM SDP NP PSPACE bit bits log exp sin cos
    WWW OK DOI FPS AUC GUI GUIs UI OCR MIMO GenAI CMOS PET CAD FLOP FLOPs KL LM LVLM SAT WiFi Wi-Fi CERN NASA NSF LiDAR
    fMRI CDM BEC FWHM CW DOF GPa MPa kPa MV kV mV uA mA LED LEDs IEEE TCP LTE""".split()  # noqa: SIM905
)
"""Short names and units for which Chinese has a word of its own: neither demanded nor foreign."""

_SMALL: Final[dict[str, _Pair]] = dict(
    zip(
        "0.5 2 3 4 5 6 7 8 9 10 11 12 20 100 1000 1000000 1000000000 1000000000000".split(),  # noqa: SIM905
        _pairs(r"""
半 :: half|semi|halv|hemi
二|两|双|倍|对|再|翻|偶|俩|2 :: .
三|3 :: three|third|tri|thri|cub|tern|3
四|4 :: four|quad|quat|quart|tetra|4
五|5 :: five|fif|quin|penta|5
六|6 :: six|hex|sext|6
七|7 :: seven|hept|sept|7
八|8 :: eight|oct|8
九|9 :: nine|ninth|nona|9
十|10 :: ten|dec|dozen|order of magnitude|orders of magnitude|10
十一|11 :: eleven
十|12|打 :: twel|dozen
二十|20 :: twen
百|100 :: hundred|centur|cent
千|万|亿|1000 :: thousand|kilo|millen
万|亿|兆 :: million|mega
亿 :: billion|giga
亿|兆|trillion :: trillion|tera
"""),
        strict=True,
    )
)
_MONTHS: Final = "January February March April May June July August September October November December".split()  # noqa: SIM905


def small(value: str) -> _Pair | None:
    """Return what may say a number without digits, in Chinese and in English; None where nothing but itself does."""
    return _SMALL.get(value)


def implied(text: str) -> str:
    """Return the numbers that a translator takes from words: '1990s' is 20世纪90年代, 'June' 6月, 'a third' 三分之一."""
    months = [str(at) for at, month in enumerate(_MONTHS, 1) if re.search(rf"\b{month}\b", text)]
    text = text.lower()
    found = months + [f"{int(age) + 1} {tens}0" for age, tens in re.findall(r"\b(1[5-9]|20)([0-9])0s", text)]
    found += [f"{int(age) - 1}{tens}0" for age, tens in re.findall(r"(?<!\d)(\d\d)世纪([0-9])0年代", text)]
    found += ["1/3"] if "third" in text else []
    found += ["1/4"] if "quarter" in text else []
    found += ["10"] if "decade" in text else []
    return " " + " ; ".join(found)
