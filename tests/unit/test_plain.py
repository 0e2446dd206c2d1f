"""From TeX to Unicode: what stands in arXiv's titles and abstracts, and what must never happen to any text."""

# ruff: noqa: RUF001, SIM905 - signs that look alike are the subject; words are read more easily unquoted

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.plain import plain

ACCENTS = [
    (r"Schr\"odinger", "Schrödinger"),
    (r"Schr{\"o}dinger and Schr\"{o}dinger", "Schrödinger and Schrödinger"),
    (r"L\'evy, H\"older, Fr\'echet, \'Etale", "Lévy, Hölder, Fréchet, Étale"),
    (r"Erd\H{o}s and Erd\H os", "Erdős and Erdős"),
    (r"Mar\v{c}enko, Fran\c{c}ois, Fran\c cois", "Marčenko, François, François"),
    (r"\'{\i} \'\i na\"{\i}ve", "í í naïve"),
    (
        r"S\o rensen, \L ojasiewicz, \L{}ojasiewicz, Stra\ss e, \AA rhus",
        "Sørensen, Łojasiewicz, Łojasiewicz, Straße, Å rhus",
    ),
    (r"Ozsv\'ath-Szab\'o, Pr\`es, a\~nos, \^ile, \=a, \.z", "Ozsváth-Szabó, Près, años, île, ā, ż"),
    (r"Erd\'ely{\'\i}", "Erdélyí"),
    (r"\H^2 and \c{long} and \v", r"\H² and \c{long} and \v"),
]
MATH = [
    (r"$\alpha$-decay of $\beta$", "α-decay of β"),
    (r"$\mathcal{N}=4$ and ${\cal N}=4$", "N=4 and N=4"),
    (r"$\mathbb{R}^d$, $\mathbb R^{n}$, $\Bbb Z$, $\mathbb{F}_q$", "ℝᵈ, ℝⁿ, ℤ, F_q"),
    ("$H_0$, $H_{0}$, $x_i$, $a_{ij}$", "H₀, H₀, xᵢ, aᵢⱼ"),
    (r"$x_{n,k}$, $T_{\rm eff}$, $T_\mathrm{eff}$, $x^{q}$", "x_(n,k), T_eff, T_eff, x^q"),
    ("$10^{-3}$, $10^6$, $x^{n+1}$, $e^{4q}$", "10⁻³, 10⁶, xⁿ⁺¹, e^(4q)"),
    (r"$O(n \log n)$, $n\log n$, $\log^2 n$, $\log(n)$", "O(n log n), n log n, log² n, log(n)"),
    (r"$x\leq y$, $x \leq y$, $x \geq\epsilon$, $\neq$", "x≤y, x ≤ y, x ≥ ϵ, ≠"),
    (r"$\sim 10$, $\sim$10, $10\times10$, $5 \pm 2$", "∼10, ∼10, 10×10, 5 ± 2"),
    (r"$f\colon X \to Y$, $n\to\infty$", "f: X → Y, n→∞"),
    (r"$\sqrt{x}$, $\sqrt{x+1}$, $\sqrt[3]{8}$, $\sqrt 2$", "√x, √(x+1), ∛8, √2"),
    (r"$\frac{a}{b}$, $\frac{a+b}{c}$, $\frac12$, $\tfrac{1}{2}$", "a/b, (a+b)/c, 1/2, 1/2"),
    (r"$\bar\partial$, $\hat{x}$, $\tilde{O}(1)$, $\widehat{sl}_2$", "∂̄, x̂, Õ(1), sl₂"),
    (r"$T^\frac12$, $x^\frac{1}{2}$, $\~{O}(n)$", "T^(1/2), x^(1/2), Õ(n)"),
    (r"$\left(\frac{a}{b}\right)$, $\|x\|_2$, $\{0,1\}^n$", "(a/b), ‖x‖₂, {0,1}ⁿ"),
    (r"$\alpha = 3$, $\alpha x$, $\alpha\beta$, $\Gamma (x)$", "α = 3, αx, αβ, Γ(x)"),
    (r"$C^*$-algebra, $360^\circ$, $\delta^{\prime}$, $A^\dagger$, $A^T$", "C*-algebra, 360°, δ′, A†, Aᵀ"),
    (r"${}^{85}$Rb, D${}_1$, ^{113}Cd^+, 20$^{th}$", "⁸⁵Rb, D₁, ¹¹³Cd⁺, 20th"),
    (r"$a \not= b$, $x\not\in Y$", "a ≠ b, x∉Y"),
    (r"$\text{SL}_2$, $\mathrm{d}x$, $\operatorname{rank} A$", "SL₂, dx, rank A"),
    (r"\(x^2\) and \[y_1\] and $$z$$", "x² and y₁ and z"),
    (r"km s$^{-1}$, km s^-1, cm^{-2}, 10^6", "km s⁻¹, km s⁻¹, cm⁻², 10⁶"),
    (r"1.56 {\mu}m at 360{\deg}, G_{\delta}, Z^\omega", "1.56 μm at 360°, G_δ, Z^ω"),
    (
        "$n$-body, the $t$-test, $ n $, $K$-theory, $4$-dimensional, $1/e$",
        "n-body, the t-test, n, K-theory, 4-dimensional, 1/e",
    ),
    (r"the $1/M $ expansion, $2^x -1 $, $800k(k+n)$", "the 1/M expansion, 2ˣ -1, 800k(k+n)"),
    (r"$a$, $b$ and $c\ldots$", "a, b and c…"),
]
TEXT = [
    (r"\emph{never} \textbf{again} {\it slanted} {\bf bold}", "never again slanted bold"),
    (r"as in~\cite{a,b}. See \citep[p.~3]{c} for", "as in. See for"),
    ("Fig.~1, a.k.a.~x", "Fig. 1, a.k.a. x"),
    ("pages 3--5 --- or so; Bose--Einstein -- yes", "pages 3–5 — or so; Bose–Einstein – yes"),
    ("``quoted'' and `single'", "“quoted” and ‘single’"),
    (r"50\% of R\&D, a\_b, \#1, \$5", "50% of R&D, a_b, #1, $5"),
    (r"\url{https://a.org/x_y\_z~w%20}", "https://a.org/x_y_z~w%20"),
    (r"\href{https://a.org/x}{the page} \href{https://a.org}{a.org}", "the page (https://a.org/x) https://a.org"),
    (r"{G}aussian {MIMO}-based {F}", "Gaussian MIMO-based {F}"),
    (r"\textsc{Name}: \texttt{code}", "Name: code"),
    (r"\ie the, \eg a", "i.e. the, e.g. a"),
]
UNTOUCHED = [
    "A lone $5 million",
    "$5 million and $6 million",
    "US$10-$20, $3/hr vs $4/hr",
    "costs $1,000 or $2,000",
    "US$5M (US$6M) and $5 and $7 and $5+tax or $6",
    "100% sure, 5% % of",
    "https://github.com/ada/my_repo~x%20y and a_b@c.org",
    "http://www.x.edu/~ada/_x^2",
    "C# and F#",
    r"\unknown{thing} and \foo bar",
    r"C:\temp\x1 \ ",
    "snake_case and x_1",
    "~5 km, 5~10 keV, a/~b",
    "python -m bot --help, <-- and -->",
    "`code` and 'it's'",
    "{0, 1} and {key: value}",
    "unbalanced { and } and $ and ^ and \\",
    "5'' and 6'",
    "a & b",
    "",
]


@pytest.mark.parametrize(("source", "shown"), ACCENTS + MATH + TEXT)
def test_what_is_understood(source: str, shown: str) -> None:
    assert plain(source) == shown


@pytest.mark.parametrize("source", UNTOUCHED)
def test_what_is_left_alone(source: str) -> None:
    assert plain(source) == source


@pytest.mark.parametrize(
    "source",
    [
        "$",
        "$$",
        "$x",
        "\\",
        "\\\\",
        "{",
        "{}",
        "}{",
        "^",
        "_{",
        "\\frac",
        "\\frac{a}",
        "\\sqrt[3",
        "\\begin{x",
        "$\\$",
        "\\'",
        "\\[",
        "``",
    ],
)
def test_stumps_do_not_raise(source: str) -> None:
    assert isinstance(plain(source), str)


def test_paragraphs_stay() -> None:
    assert plain("One $x$.\nTwo costs $5.\n\nThree $y$ \\\\ four.") == "One x.\nTwo costs $5.\n\nThree y four."


def test_depth_has_an_end() -> None:
    assert "x" in plain("{\\bf " * 500 + "x" + "}" * 500)
    assert "x" in plain("$" + "x^{" * 500 + "x" + "}" * 500 + "$")
    begun = time.perf_counter()
    plain("{\\bf $" * 3000)
    plain("\\" * 9000 + "`" * 9000 + "$ " * 9000)
    assert time.perf_counter() - begun < 5


@given(st.text(alphabet=st.characters(codec="utf-8", exclude_characters="\\$^{~`")))
def test_text_without_tex_is_returned_unchanged(text: str) -> None:
    if "--" not in text:
        assert plain(text) == text


SOUP = st.text(alphabet="\\$^_{}~`'-.()[] \n12xAB%&#=+é漢").map(str)
COMMANDS = (
    r"alpha frac sqrt mathbb cite v c left right text emph url href begin end item not deg o unknown unicode R".split()
)


@given(st.lists(st.one_of(SOUP, st.sampled_from(["\\" + name for name in COMMANDS])), max_size=30).map("".join))
def test_no_soup_of_tex_raises_or_moves_a_newline(text: str) -> None:
    shown = plain(text)
    assert shown.count("\n") == text.count("\n")


@given(st.text())
def test_no_string_raises(text: str) -> None:
    assert isinstance(plain(text), str)


@given(
    st.lists(
        st.sampled_from(["alpha", "C#", "100%", "$5", "a_b", "x~", "https://a.b/c_d", "{k: v}", "it's", "3-4", "é"])
    )
)
def test_plain_words_stay_plain(words: list[str]) -> None:
    if sum(word == "$5" for word in words) < 2:
        assert plain(" ".join(words)) == " ".join(words)


@pytest.mark.parametrize(("source", "shown"), ACCENTS[:-1] + MATH + TEXT[1:])
def test_what_was_made_plain_stays_so(source: str, shown: str) -> None:
    assert plain(plain(source)) == shown
