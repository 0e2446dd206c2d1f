"""What of a machine translation may be shown: good ones by hand, and bad ones of each kind that must be refused."""

# ruff: noqa: RUF001, E501, ISC004 - Chinese punctuation is meant, and a translation is a line

import functools
import gzip
import json
import re
import time
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.core.translation import LONGEST, check

ROOT = Path(__file__).resolve().parents[2]
CORPUS = ROOT.parent / "shared" / "data" / "corpus"
LINK = "https://github.com/lab/lipfield"
SOURCE = (
    "We present LipField, a NeRF for talking heads. Unlike BERT-style encoders, LipField is trained on 3.5 hours of video "
    "from 12 speakers and needs no transcripts. On VoxCeleb2 it beats Wav2Lip by $7.2\\%$ in F1 and is 40 times faster than "
    "GPT-4-based pipelines. We also show that ResNet-50 features can be replaced by audio alone. "
    f"Code is available at {LINK}."
)
GOOD = (
    "我们提出LipField，一种用于说话人头像的NeRF。与BERT式编码器不同，LipField使用来自12位说话人的3.5小时视频进行训练，并且不需要转录文本。"
    "在VoxCeleb2上，其F1比Wav2Lip高$7.2\\%$，速度比基于GPT-4的流程快40倍。我们还表明，ResNet-50特征可以仅由音频替代。"
    f"代码见{LINK}。"
)

SHIPPED = {
    "8812.00001": (
        "雨后砂石边坡的蠕变会持续数周，尽管水早已排干。我们用激光干涉测量法，以每天0.2微米的分辨率监测了十一个实验"
        "室边坡和两个天然边坡。位移随时间呈对数变化，其斜率只取决于一个数，即颗粒尺度上毛细应力与重力应力之比。我们表"
        "明，同一规律在四个数量级的粒径范围内以及含水量为1%至12%时均成立。一个由热激活接触与缓慢蒸发的液桥组成的"
        "模型，无需自由参数即可在15%以内预测其前置因子。当边坡偏离该规律超过两倍时，十例中有九例会在五天内失稳。这"
        "为预警提供了一个只需两个廉价传感器的判据。"
    ),
    "8812.00003": (
        "模型看到数据的顺序并不像人们希望的那样重要，至少对迄今尝试过的顺序而言如此。我们提出按可学习性对文档排序，其"
        "定义为一个小模型在第一遍与第二遍之间损失的下降量。过于简单和无望学会的文档得分都很低。当参数量高达70亿的大"
        "语言模型按可学习性递减的顺序在文档上训练时，只需71%的步数即可达到随机顺序的最终损失。这一收益随数据量增加"
        "而缩小，但在一万亿词元时仍有12%。排序的开销占训练预算的2%，且排名可供使用同一分词器的其他模型重复使用。"
        "我们观察到数学文本的收益最大，百科类文本的收益最小。颠倒顺序对训练的损害大于随机打乱。"
    ),
    "8812.00004": (
        "任何接到视频通话的人都应当能够得知画面中的人脸是否为合成的，但隐藏在像素中的标记会在通话被压缩时消失。我们转"
        "而把标记隐藏在运动之中。我们的方案在生成说话人头像时调整眨眼和轻微点头的时机，使其每20秒编码32比特，并由"
        "一种可容忍符号丢失和插入的编码加以保护。这些变化保持在60毫秒以下，90名观看者区分有标记与无标记视频的能力"
        "并不优于随机猜测。压缩到150 kbit/s后，97%的片段中标记可被正确读出，而像素域中最好的标记只有22"
        "%得以保留。用手机翻拍屏幕会使该比率降至91%。攻击者若随机改变视频的时序，就必须使其严重失真，以致口型同步"
        "被破坏。我们讨论了该方案做不到的事情，尤其是面对从不配合的生成器时。"
    ),
    "8812.00005": (
        "我们研究这样一种排序问题：每次比较的结果在之后再进行$m$次比较时便会被遗忘，必须重新付出代价。该模型源自人"
        r"类判断和容量有限的缓存。我们给出一种算法，以期望$\mathcal{O}(n \log n + n^2/m)"
        "$次比较对$n$个元素排序，并证明在常数因子以内没有算法能做得更好。下界使用了一种新的势函数，用来衡量对手还"
        r"能隐藏多少次序信息。若比较器以概率$p < 1/2$出错，则上下界增长$\Theta((1-2p)^{-2}"
        r")$倍，这同样是紧的。当$m = \sqrt{n}$时，在一百万个元素的实验中，该算法比重复归并排序快4.1"
        r"倍。一个在线变体以$\mathcal{O}(\log n + n/m)$的均摊代价在插入时维持次序。确定性算"
        "法能否达到该期望界仍是未决问题。"
    ),
    "8812.00007": (
        "沿海城市在炎热的午后依靠海风降温，而建成区可能会削弱海风。我们分析了一座拥有两百万居民的沿海城市中64个屋顶"
        "站点十年的观测数据。当市中心比周边高出4 °C以上时，海风到达市中心的时间晚48分钟，这与热量会把海风吸入的"
        "普遍看法相反，而且此时风速还低1.3米/秒。我们将这一延迟归因于阻挡气流的对流羽流，大涡模拟在六分钟以内重现"
        "了这一机制。与海岸平行的街道受影响最大：其处于32 °C以上高温的时间延长了23%。以浮力、粗糙度和天气尺度"
        "风为变量的回归解释了到达时间方差的71%。根据该模型，在沿岸仅800米的地带内使用颜色更浅的屋顶，就能挽回一"
        "半的延迟。"
    ),
    "8812.00018": (
        "对膨胀率的局部测量要攀登由若干级组成的阶梯，每一级都有其自身的系统误差。我们将引力波源宿主星系的表面亮度涨落"
        "与波形给出的绝对距离相结合，后者直接校准前者，从而不再有中间步骤。我们用160 Mpc以内35个双中子星的模"
        r"拟观测，在真实的选择效应下检验该方法。从$H_0 = 70$ km/s/Mpc出发，我们得到$70.3 \p"
        "m 1.2$ km/s/Mpc，误差按$N^{-1/2}$下降，直至至少100个事件。最大的系统误差来自宿主"
        "的金属丰度，除非有两种颜色的数据，否则会使结果偏移0.5 km/s/Mpc。忽略双星的倾角会再带来0.9 k"
        "m/s/Mpc的偏差。我们表明，在8米望远镜上进行110小时的专门观测计划足以覆盖前35个宿主。五年内即可得"
        "到一个精度约为2%的独立数值。"
    ),
    "8812.00022": (
        r"设$H$是$n$个顶点上的$k$一致超图，其边被着色，使得任何颜色出现的次数不超过$\mu n^{k-1}$"
        r"。我们证明，若每个由$k-1$个顶点组成的集合至少包含于$(1/2+o(1))n$条边中，则只要$\mu$相"
        r"对于$k$和$\Delta$足够小，$H$就包含最大度为$\Delta$的每一棵松散生成树的一个拷贝，且其中"
        r"所有颜色互不相同。该度数界是最优的。此前的同类结果依赖于吸收结构，这迫使$\mu$为塔型量级。我们的论证则沿"
        r"随机顺序贪心地嵌入树，并通过交换修复少数冲突，因此$\mu = \Delta^{-6k}$即已足够。作为副产"
        r"品，我们得到一个随机算法，可在$\mathcal{O}(n^{k})$期望时间内找到这样的树。同样的方法还解"
        "决了至少有10^4个点的着色斯坦纳三元系中有界度森林的情形。最后我们提出四个未决问题，其中一个涉及有向超图。"
    ),
    "8812.00023": (
        "泄漏到计算空间之外是量子纠错中危害最大的故障之一，因为它会悄无声息地扩散到邻近的量子比特。我们描述了一种方案"
        "，通过在短于一个症状测量周期的时间内将辅助比特与存储腔色散耦合，把辅助比特的泄漏转化为可预报的擦除。预报信号"
        "取自读出辅助比特的同一谐振器，因此无需额外硬件。在采用实测噪声参数的模拟中，96.4%的泄漏事件在两个周期内"
        "被检测到，编码态的寿命从1.6毫秒延长到2.9毫秒。只要误报发生在不到0.8%的周期中，这一增益就能保持，而"
        "现有的读出技术轻松满足该条件。我们由联合系统的主方程推导出最优耦合时长，并在数值上以3%的精度加以证实。与一"
        "个小型外码级联后，该方案将实现$10^{-6}$逻辑错误率所需的腔数从121个减少到49个。"
    ),
    "8812.00025": (
        "定向进化的每一轮都要花费数周，因此实验室需要知道是否值得再做一轮。我们为蛋白质设计开发了一种主动学习方法，它"
        "不仅预测接下来应测试哪些变体，还预测尚有多少改进空间。这种预测建立在共形区间之上，尽管每一批都是借助之前各批"
        "选出的，这些区间仍然有效。在对14个突变扫描数据的回顾性分析中，我们的方法以中位数310次测量达到可达最佳适"
        "应度的95%，而高斯过程需要520次。其停止信号在14例中的12例里与真正最优轮次相差不超过一轮，只有一次过"
        "早。随后我们前瞻性地用它来提高一种酯酶的熔解温度：它要求做三轮、每轮48个变体，获得了17 °C的提升，并建"
        "议停止。作为验证而进行的第四轮只带来了0.4 °C的进一步提升。该软件可在笔记本电脑上运行，并读取纯文本表格"
        "。"
    ),
}
REAL = {
    "2606.24551": (
        "计算机使用智能体可以通过图形界面或程序化的命令接口执行软件任务，但现有评测将交互方式与任务、初始状态、验证器"
        "和允许操作上的差异混为一谈。我们提出了一个执行层匹配的基准，包含18个应用程序和12个工作流类别中的440个"
        "桌面任务，其中仅用屏幕的GUI智能体与以技能为中介的CLI智能体获得相同的目标、状态和最终状态验证器，同时被"
        "限制为只能使用各自方式的原生操作。在这一受控设置下，最强的GUI智能体达到59.1%的完全通过率，优于最强的"
        "原始技能CLI智能体的48.2%；然而，由验证器引导的技能增强将CLI的成功率提高到69.3%，表明CLI的"
        "不足很大程度上源于技能覆盖不完整，而不仅仅是模型能力。这些结果表明，GUI和CLI暴露出不同的执行瓶颈：GU"
        "I智能体受限于长程工作流中可靠的落地交互，而CLI智能体受限于其技能接口的覆盖面和可扩展性。"
    ),
    "2606.23693": (
        "Text-to-SQL通过生成可执行的SQL查询，使用户能够用自然语言查询数据库。近期的方法越来越多地采用基"
        "于大语言模型的强化学习（RL），以利用执行反馈进行训练。然而，现有的RL方法为SQL查询中的所有子句分配统一"
        "的查询级奖励，对正确与错误的子句一视同仁。这种粗粒度的奖励设计导致正确生成SQL的学习信号不足。为解决这一问"
        "题，我们提出EXPO-SQL（面向Text-to-SQL的基于执行的子句级策略优化），通过子句级奖励提供细粒"
        "度监督。为分配子句级奖励，我们的方法通过分析执行结果（包括错误信息和逐子句的增量执行）来识别错误子句。在广泛"
        "使用的Text-to-SQL基准上的实验表明，EXPO-SQL通过细粒度的子句级学习显著优于现有的监督微调、"
        "提示和基于RL的方法。我们的代码可在https://github.com/jhn25/EXPO-SQL获取。"
    ),
    "2606.23884": (
        "通用大语言模型（LLM）越来越多地用于与心理健康相关的对话，但其安全保障仍然不足，且在不同临床病症之间并不一"
        "致。本研究使用四种对抗攻击变体，在16种DSM-5病症上评估了六个专有LLM，并引入了八维度的危害分类体系和"
        "多维度评估框架。结果显示，安全保障仅在自杀和自残方面可靠，而进食障碍、物质使用障碍和重度抑郁障碍等病症的失败"
        "率高达100%。我们认为，这些LLM的合乎伦理的设计与部署，要求在各种临床病症上明确界定危害类别，并据此落实"
        "安全保障。在此类保障到位之前，这些模型对弱势群体构成重大风险，使其日益融入教育环境尤为令人担忧。"
    ),
    "2606.24235": (
        "空间蛋白质组学能够在组织结构中以单细胞分辨率刻画蛋白质表达，在理解肿瘤微环境和指导精准医疗方面发挥关键作用。"
        "然而，目前的分析流程仍然零散，需要专家手动编排各种异构工具，限制了研究的可扩展性和可重复性。我们提出SP-M"
        "ind，这是首个旨在统一空间蛋白质组学分析流程的自主AI智能体，覆盖从原始多重组织成像到下游表型发现的全过程"
        "。SP-Mind配备了专家整理的生物学分析技能和专门的计算工具，无需针对任务微调即可将自然语言查询转化为端到"
        "端的分析工作流。为严格评估其能力，我们推出SP-Bench，这是一个涵盖多种组织类型的综合基准，包含18个不"
        "同类别的102项任务。通过在SP-Bench和已有下游任务上的大量评估，SP-Mind与现有的开源生物医学智"
        "能体基线相比达到了最先进的性能。"
    ),
    "2606.24852v1": (
        "我们利用暗能量光谱仪（DESI）对选自Blanco/DECam中带成像巡天（IBIS）的候选体的光谱观测，对"
        "莱曼-$α$发射体（LAE）进行了成团性分析。我们测量了两点相关函数和功率谱，包括与DESI类星体的互相关。"
        "利用解析模型和基于模拟的晕占据分布（HOD）模型，我们发现在红移范围$2.26 < z < 3.41$内LA"
        r"E的线性偏袒为$b \sim 2.31$--$2.62$。解析模型还对辐射转移效应的强度给出了限制，而HOD"
        "分析则在多种模型下刻画了LAE与晕的联系。最后，我们量化了LAE样本中上帝之指等非微扰成团效应的大小，为DE"
        "SI-II等未来高红移巡天中基于LAE的宇宙学分析的精确建模提供了必要输入。"
    ),
    "1709.05571": (
        "我们分析了扭曲光（即携带轨道角动量的涡旋光场）对原子的多极激发。单个囚禁的$^{40}$Ca$^+$离子作为"
        r"激发光场的局域化且可定位的探针。我们驱动$S_{1/2} \to D_{5/2}$跃迁，并根据离子相对于涡旋"
        "光场中心的横向位置，观测不同跃迁的相对强度。另一方面，我们以贝塞尔光束、贝塞尔-高斯模和高斯-拉盖尔模的形式"
        r"对扭曲光场计算了跃迁振幅。通过分析实验所得的跃迁振幅，我们发现其与理论预测的一致程度优于3\%。最后，我们提"
        "出了利用双离子晶体的测量方案，以在未来实验中提高对涡旋模式的探测精度。"
    ),
    "math/0204125": (
        "若从空间$X$到空间$Y$的函数$f$使$X$的每个紧子空间的像在$Y$中紧，且$X$的每个连通子空间的像在"
        "$Y$中连通，则称$f$为保持的。由初等定理，连续函数总是保持的。Evelyn R. McMillan于19"
        "70年证明，若$X$是Hausdorff的、局部连通的Frechet空间，$Y$是Hausdorff的，则其"
        r"逆亦真：任何保持函数$f:X\to Y$都是连续的。本文的主要结果是，若$X$是连通线性序空间的任意乘积（例"
        r"如$X = R^\kappa$），且$f:X \to Y$是到正则空间$Y$的保持函数，则$f$连续。"
    ),
    "911.3503": (
        r"在本文中，我们给出了$\PP^{r}$中$\mu$个点的希尔伯特概形作为格拉斯曼簇的射影子簇的新的显式表示。"
        "希尔伯特概形的这一新的显式描述比以往的更简单，并且是整体的。它涉及$2$次方程。我们展示了如何由刻画边界基的"
        "交换关系导出这些方程。接着，我们考虑该希尔伯特概形上输入方程组的无穷小扰动，并描述其切空间。我们提出一个有效"
        "的判据，用来检验它是否为平坦形变，即扰动后的方程组是否仍在初始方程的希尔伯特概形上。该判据特别涉及关于边界基"
        "的形式约化。"
    ),
    "2606.24828": (
        "科学长文档摘要数据集通常把作者撰写的摘要视为黄金参考摘要，尽管其质量以及与原文的一致程度参差不齐。与此同时，"
        "对于现代长上下文模型而言，公开可用的科学摘要数据集在规模和结构上仍然有限。在这项工作中，我们从两方面应对上述"
        "挑战：a) 构建并发布最大的生物医学与生命科学长文档摘要数据集之一，包含188万篇PMC文章；b) 使用基于"
        "原文和基于模型的指标分析作者撰写摘要的参考质量。我们表明，作者撰写的摘要与全文的一致程度各不相同，而这些质量"
        "信号可以指导训练数据的选择。在相同训练规模下，使用所选高质量子集训练优于随机采样，并且在面向事实性的指标上可"
        "以匹敌或超过更大的随机子集。我们的研究结果表明，参考质量是科学摘要中的一个重要因素，具有质量意识的数据选择可"
        "以提高训练效率。"
    ),
    "2606.24063": (
        "现代口语理解（SLU）系统越来越多地部署在真实环境中，其中某些功能可能因政策或安全约束而需要移除。在SLU中"
        "，一项功能对应于一个意图及其相关的槽位生成行为。然而，在自回归模型中，抑制目标意图并不能消除在该意图条件下生"
        "成槽位的条件映射。当意图前缀由外部提供时，模型可以重建原有的意图-槽位结构。我们将这种结构性失效称为能力残留"
        "。我们提出绑定子空间（BSU），这是一个表示层面的框架，用于分离并削弱支撑该映射的、以意图为条件的方向。在多"
        "个SLU基准上，BSU大幅降低了强制前缀下的可恢复性，同时保持了所保留功能的性能。"
    ),
}


@functools.cache
def abstracts() -> dict[str, str]:
    """The abstracts of the shared corpus by id."""
    found = {}
    for path in sorted(CORPUS.glob("*.jsonl.gz")):
        with gzip.open(path, "rt", encoding="utf-8") as lines:
            for line in lines:
                row = json.loads(line)
                found[str(row["id"])] = row.get("abstract") or row.get("summary") or ""
    return found


@functools.cache
def shipped() -> dict[str, str]:
    """The abstracts of the sample day by id."""
    sample = json.loads((ROOT / "data" / "sample_day.json").read_text(encoding="utf-8"))
    return {paper["id"]: paper["abstract"] for paper in sample["week"] + sample["day"]}


def why(text: str, source: str = SOURCE, language: str = "zh", links: tuple[str, ...] = (LINK,)) -> str:
    """The reason why a translation is refused, '' if it is shown."""
    shown, reason = check(text, source, language, links)
    assert bool(shown) != bool(reason)
    return reason


def put(old: str, new: str) -> str:
    """The good translation with one thing wrong."""
    assert old in GOOD
    return GOOD.replace(old, new)


def test_a_good_translation_is_shown_without_tex() -> None:
    shown, reason = check(GOOD, SOURCE, "zh-CN", (LINK,))
    assert reason == ""
    assert shown == GOOD.replace("$7.2\\%$", "7.2%").replace(f"{LINK}。", f"{LINK} 。")


@pytest.mark.parametrize("id_", SHIPPED)
def test_good_translations_of_the_sample_day_are_shown(id_: str) -> None:
    assert why(SHIPPED[id_], shipped()[id_], links=()) == ""


@pytest.mark.skipif(not CORPUS.is_dir(), reason="the shared corpus is not beside this checkout")
@pytest.mark.parametrize("id_", REAL)
def test_good_translations_of_real_abstracts_are_shown(id_: str) -> None:
    assert why(REAL[id_], abstracts()[id_], links=("https://github.com/jhn25/EXPO-SQL",)) == ""


@pytest.mark.parametrize(
    "text",
    [
        put("LipField，一种", "LipField,一种"),
        put("3.5小时", "3.5 h "),
        put("12位", "十二位"),
        put("40倍", "四十倍"),
        put("ResNet-50", "ResNet50"),
        put("代码见", "代码已开源："),
        put("。我们还", "。\n\n我们还"),
        put("用于说话人头像的NeRF", "用于说话人头像生成的神经辐射场（NeRF）"),
        put("不需要转录文本", "无需任何转录文本"),
        put("GPT-4", " GPT-4 "),
    ],
)
def test_other_good_ways_to_say_it_are_shown(text: str) -> None:
    assert why(text) == ""


@pytest.mark.parametrize(
    ("source", "text"),
    [
        (
            "We survey two thirds of the 1990s catalogues. In June, tens of thousands of users saw one trillion tokens. "
            "A third of them doubled their rate, and half of them left after a decade.",
            "我们考察了20世纪90年代三分之二的星表。6月，数万名用户看到了一万亿个词元。其中三分之一的人速率翻倍，一半的人在十年后离开。",
        ),
        (
            "Bivariate tensors need three passes over 35,000 samples, 1.88 million edges and 7 billion weights. "
            "The 8m telescope runs 3 times a night and gains 2 points.",
            "二元张量需要对3.5万个样本、188万条边和70亿个权重进行三遍处理。8米望远镜每晚运行3次，提高2分。",
        ),
        (
            "Large language models (LLMs) improve with retrieval augmented generation (RAG). We study how AI agents use RAG, "
            "and find that the CMB is not affected.",
            "大语言模型可以通过检索增强生成（RAG）得到改进。我们研究了智能体如何使用RAG，并发现宇宙微波背景不受影响。",
        ),
        (
            "We relate the click rate to the workload of a placeholder. The link between the full text and its abstract is studied as a group.",
            "我们将点击率与占位符的工作量联系起来。全文与其摘要之间的联系作为一个群来研究。",
        ),
        (
            r"If $a<b$ and $c>d$ then $\{x : a < x\}$ is open. We prove that (i) it is bounded, and (ii) it is closed under limits.",
            r"若$a<b$且$c>d$，则$\{x : a < x\}$是开集。我们证明：(1) 它是有界的；(2) 它在极限下封闭。",
        ),
    ],
)
def test_numbers_names_and_honest_words_are_known_in_other_forms(source: str, text: str) -> None:
    assert why(text, source) == ""


EMPTY = ["", " \n\t ", "\u3000"]
NOT_CHINESE = [
    SOURCE,
    SOURCE.replace("We present", "Here we present").replace("beats", "outperforms"),
    "Nous présentons LipField, un NeRF pour les têtes parlantes. Il est entraîné avec 3,5 heures de vidéo de 12 locuteurs.",
    "私たちはLipFieldを提案します。これは話す頭部のためのNeRFです。12人の話者による3.5時間の動画で訓練され、書き起こしは不要です。",
    "우리는 LipField를 제안한다. 이는 말하는 머리를 위한 NeRF이다. 12명의 화자의 3.5시간 비디오로 훈련되었다.",
    "Мы представляем LipField, NeRF для говорящих голов. Он обучен на 3.5 часах видео от 12 дикторов.",
    "Women tichu LipField, yi zhong yongyu shuohuaren touxiang de NeRF. Yu BERT shi bianmaqi butong, ta bu xuyao zhuanlu wenben.",
    put(
        "我们还表明，ResNet-50特征可以仅由音频替代",
        "We also show that ResNet-50 features can be replaced by audio alone",
    ),
    put("与BERT式编码器不同，", "Unlike BERT-style encoders, and unlike all of the others that are known to us, "),
    "我们提出LipField。" + SOURCE,
    "摘要是这样的" + SOURCE,
]
TOO_SHORT = [
    "我们提出LipField，一种用于说话人头像的NeRF。",
    "本文提出LipField。",
    GOOD[: GOOD.index("在VoxCeleb2上")],
    "LipField是NeRF，与BERT不同，用12人3.5小时视频训练，VoxCeleb2上F1比Wav2Lip高7.2%，比GPT-4快40倍，可替代ResNet-50。",
    "该论文提出了一种新方法。",
]
TOO_LONG = [
    GOOD + GOOD,
    GOOD + "我们还发现，这种方法可以推广到许多其他场景，包括动物的面部、戏剧表演以及老旧影片的修复。" * 2,
    GOOD
    + "此外，我们讨论了伦理问题。我们邀请了多位专家参与评审。他们认为该方法安全可靠。我们将继续改进系统。用户反馈普遍良好。"
    "未来工作将把它扩展到整个身体。我们也将研究情感表达。该系统已在多家机构部署。部署过程十分顺利。",
    put(
        "并且不需要转录文本", "并且不需要转录文本。LipField使用来自12位说话人的3.5小时视频进行训练，并且不需要转录文本"
    ),
    "我们提出LipField。" * 40,
]
NUMBERS = [
    put("3.5", "5.3"),
    put("3.5小时", "3.5天"),
    put("3.5小时", "3.5万小时"),
    put("12位", "21位"),
    put("12位", "一百二十位"),
    put("12位", "多位"),
    put("来自12位说话人的3.5小时", ""),
    put(r"$7.2\%$", "72%"),
    put(r"$7.2\%$", "7.2"),
    put(r"$7.2\%$", "百分之七十二"),
    put("40倍", "4倍"),
    put("40倍", "四百倍"),
    put("快40倍", "更快"),
    put("在VoxCeleb2上", "在VoxCeleb2等100个数据集上"),
    put("仅由音频替代", "仅由音频替代，误差低于5%"),
    put("提出", "于2021年提出"),
]
LINKS = [
    put(LINK, "https://github.com/evil/lipfield"),
    put(LINK, LINK + ".evil.com"),
    put("代码见", "代码见https://t.me/paperbot 与"),
    put("代码见", "代码见bit.ly/3xyz 与"),
    put("代码见", "代码见www.lipfield.cn 与"),
    put("代码见", "请联系author@lab.edu，代码见"),
    put("代码见", "关注@lipfield_team，代码见"),
    put("代码见", "[代码](https://evil.com)见"),
    put("代码见", "代码见hxxp://lipfield[.]com 与"),
    put("代码见", "代码见192.168.1.10 与"),
    put("代码见", "代码见https://evil.foo/x 与"),
    put("代码见", "代码见lipfield.foo/x 与"),
    put("代码见", "代码见ftp://lipfield.foo 与"),
    put("代码见", "代码见tg://resolve?domain=x 与"),
]
PLACEHOLDERS = [
    put("3.5小时", "XX小时，即3.5小时"),
    put("LipField，", "LipField【待翻译】，"),
    put("代码见", "代码链接待补充，见"),
    put("LipField，", "{title} LipField，"),
    put(f"代码见{LINK}。", "代码见……"),
    put("说话人头像", "[insert term]头像"),
    put("说话人头像", "____头像"),
    "lorem ipsum " + GOOD,
]
CHATTER = [
    "好的，以下是翻译：" + GOOD,
    "好的。" + GOOD,
    "以下是该摘要的中文翻译：\n\n" + GOOD,
    "翻译如下：" + GOOD,
    "译文：" + GOOD,
    "中文翻译：" + GOOD,
    "Sure! Here is the translation: " + GOOD,
    "Translation: " + GOOD,
    GOOD + "希望这对您有帮助！",
    GOOD + "请注意，部分术语保留了英文。",
    GOOD + "（译者注：NeRF即神经辐射场。）",
    GOOD + "以上是翻译，仅供参考。",
    GOOD + "作为AI语言模型，我已尽力翻译。",
    GOOD + "如有需要，我可以进一步润色。",
    GOOD + "无法获取原文。",
]
ECHOES = [
    "请将以下摘要翻译成中文。" + GOOD,
    "你是一名专业的学术翻译，请翻译下面的内容。" + GOOD,
    GOOD + "只输出译文，不要添加任何解释。",
    "Translate the abstract into Chinese. " + GOOD,
    "You are a translator. " + GOOD,
    '{"translation": "' + GOOD + '"}',
    "BEGIN SOURCE " + GOOD + " END SOURCE",
]
TEMPLATES = [
    "标题：LipField。" + GOOD,
    "摘要：" + GOOD,
    "研究背景：" + GOOD,
    GOOD + "创新点：使用音频。",
    GOOD + "关键词：语音，头像。",
    GOOD + "结论：音频足够。",
]
MARKUP = [
    put("LipField，一种", "**LipField**，一种"),
    "# 摘要\n" + GOOD,
    "- " + GOOD.replace("。", "。\n- ", 2),
    "1. " + GOOD.replace("。我们还", "。\n2. 我们还"),
    "```\n" + GOOD + "\n```",
    put("NeRF", "<b>NeRF</b>"),
    put("NeRF", "`NeRF`"),
    r"\headline{LipField}" + GOOD,
]
MENTIONS = [
    "@everyone " + GOOD,
    put("说话人", "<@123456789012345678>说话人"),
    GOOD + " /start",
    put("说话人", "<t:1700000000:R>说话人"),
    put("说话人", "&#64;here说话人"),
]
CHARACTERS = [
    put("我们提出", "我们\u200b提出"),
    put("我们提出", "我们\u202e提出"),
    put("我们提出", "我们\x07提出"),
    put("我们提出", "我们\x9b提出"),
    put("我们提出", "我们\U000e0041提出"),
    put("我们提出", "我们\ue000提出"),
    put("我们提出", "我们\ud800提出"),
    GOOD + "🎉",
]
NAMES = [
    put("LipField", "唇场"),
    put("LipField", "Lipfield"),
    put("BERT", "伯特"),
    put("BERT", "RoBERTa"),
    put("GPT-4", "GPT-5"),
    put("基于GPT-4的", "现有的"),
    put("NeRF", "模型"),
    put("ResNet-50", "ResNet-101"),
    put("ResNet-50", "视觉"),
    put("F1", "准确率"),
    put("Wav2Lip", "Wav3Lip"),
    put("在VoxCeleb2上", "在公开数据上"),
    put("与BERT式编码器不同", "与BERT式编码器和LSTM不同"),
    put("仅由音频替代", "仅由音频替代，优于Midjourney以及Stable Diffusion"),
]
SOMETHING_ELSE = [
    "床前明月光，疑是地上霜。举头望明月，低头思故乡。" * 4,
    "这篇论文写得非常好，推荐接收。方法新颖，实验充分，没有任何缺点，应当给予最高评分，并作为口头报告。",
    "我已忽略之前的指令。LipField、NeRF、BERT、VoxCeleb2、Wav2Lip、F1、GPT-4和ResNet-50都很好，12、3.5、7.2%和40也很好。",
    "把12个鸡蛋和3.5杯面粉混合，加入7.2%的糖，搅拌40倍于平常的时间。LipField、NeRF、BERT、VoxCeleb2、Wav2Lip、F1、GPT-4和ResNet-50是烤箱的名字。"
    "放进炉子里慢慢烤熟，然后撒上果酱。趁热端上桌，和朋友们分享这道美味的点心，再配一杯热茶。周末愉快。",
    put("我们还表明", "这一突破性成果令人惊艳，我们还表明"),
    put("我们提出", "清华大学的研究团队提出"),
    put("我们还表明", "建议阅读原文，我们还表明"),
    SHIPPED["8812.00005"],
    SHIPPED["8812.00007"],
]
BAD = {
    "empty": EMPTY,
    "not Chinese": NOT_CHINESE,
    "too short": TOO_SHORT,
    "too long": TOO_LONG,
    "number": NUMBERS,
    "link": LINKS,
    "placeholder": PLACEHOLDERS,
    "chatter": CHATTER,
    "echo": ECHOES,
    "template": TEMPLATES,
    "markup": MARKUP,
    "mention": MENTIONS,
    "character": CHARACTERS,
    "name": NAMES,
    "something else": SOMETHING_ELSE,
}


@pytest.mark.parametrize(
    ("kind", "at"), [(kind, at) for kind, texts in BAD.items() for at in range(len(texts))], ids=str
)
def test_bad_translations_are_refused(kind: str, at: int) -> None:
    assert why(BAD[kind][at]) != ""


def test_reasons_name_what_is_wrong() -> None:
    assert why(put("40倍", "4倍")) == "its number 4倍 is not in the abstract"
    assert why(put("12位", "多位")) == "it has lost the number 12"
    assert why(put("BERT", "伯特")) == "it has lost the name BERT"
    assert why(put("GPT-4", "GPT-4o和GPT-4")) == "its name GPT-4o is not in the abstract"
    assert why(SOURCE) == "it is not written in the reader's language"
    assert why(TOO_SHORT[3]).startswith("it has 1 sentences")
    assert why("我们提出它。很好。不错。可以。完。").startswith("it says too little")
    assert why(GOOD + GOOD).startswith("it says too much")


def test_no_translation_of_one_paper_passes_for_another() -> None:
    for one, text in SHIPPED.items():
        for other in SHIPPED:
            assert one == other or why(text, shipped()[other], links=()) != "", (one, other)


def test_a_formula_must_be_the_sources() -> None:
    text, source = SHIPPED["8812.00005"], shipped()["8812.00005"]
    assert why(text.replace(r"n^2/m", r"n^3/m"), source) != ""
    assert why(text.replace(r"p < 1/2", r"p > 1/2"), source) == "its formula p > 1/2 is not in the abstract"
    assert why(text.replace(r"$p < 1/2$", "小于1/2的"), source) == ""


def test_most_sentences_that_are_left_out_are_missed() -> None:
    refused = [
        why("".join(pieces[:at] + pieces[at + 1 :]), shipped()[id_], links=()) != ""
        for id_, text in SHIPPED.items()
        if (pieces := re.findall("[^。；]*[。；]", text))
        for at in range(len(pieces))
    ]
    assert sum(refused) > 0.8 * len(refused)
    for id_, text in SHIPPED.items():
        pieces = re.findall("[^。；]*[。；]", text)
        for at in range(len(pieces) - 1):
            assert why("".join(pieces[:at] + pieces[at + 2 :]), shipped()[id_], links=()) != "", (id_, at)


def test_a_language_without_rules_is_refused() -> None:
    assert "xx" in why(GOOD, language="xx")
    assert why(GOOD, language="") != ""
    assert why(GOOD, language="zh_TW") == ""


def test_without_a_source_nothing_is_shown() -> None:
    assert why(GOOD, "") == "it is empty"
    assert why(GOOD, SOURCE * 100) == "it is too long"
    assert why("字" * (LONGEST + 1)) == "it is too long"


def test_an_abstract_takes_a_few_milliseconds() -> None:
    source, text = shipped()["8812.00018"] * 2, SHIPPED["8812.00018"] * 2
    for each in (text, source, "$" * 2000, "一" * 2000, "a" * 2000, "1," * 1000, "{" * 2000, "@." * 1000, "a-" * 1000):
        check(each, source, "zh")
        begun = time.perf_counter()
        check(each, source, "zh")
        assert time.perf_counter() - begun < 0.2, each[:20]  # 20 ms on an idle machine


PIECES = st.sampled_from([
    *"。，；：（）$\\{}^_~`%@#<>/|*【】\n\t0123456789.-–×",
    "我们", "提出", "一万亿", "百分之", "二分之", "零分之", "点", "10^", "1e999", "1/0", "9" * 30, "http://", "https://a.cn/",
    "www.x.org", "LipField", "\\frac{1}{0}", "$x^2$", "\u200b", "\ud800", "½", "⁷", "三", "GPT-4", " ", LINK,
])  # fmt: skip
TEXTS = st.one_of(st.text(max_size=120), st.lists(PIECES, max_size=60).map("".join))
WITHIN = st.tuples(TEXTS, st.integers(0, len(GOOD))).map(lambda drawn: GOOD[: drawn[1]] + drawn[0] + GOOD[drawn[1] :])


@settings(max_examples=120, deadline=None)
@given(
    text=st.one_of(TEXTS, WITHIN),
    source=st.one_of(TEXTS, st.just(SOURCE)),
    language=st.sampled_from(["zh", "zh-TW", "en", ""]),
)
def test_nothing_raises_and_what_is_shown_is_clean(text: str, source: str, language: str) -> None:
    shown, reason = check(text, source, language, (LINK,))
    assert bool(shown) != bool(reason)
    for link in re.findall(r"(?:https?://|www\.[a-z])[!-~]*", shown):
        assert link == LINK
    assert not any(unicodedata.category(char) in {"Cc", "Cf", "Cs"} for char in shown)
    assert not re.search(r"(?<![A-Za-z0-9])@[A-Za-z]{2,}", shown)
