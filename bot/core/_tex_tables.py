r"""What TeX's commands look like in Unicode, for `core.plain`.

Invariants: every character is in Unicode's basic plane, since phones show the mathematical alphabets beyond it as
boxes; so \mathcal, \mathfrak and the like give plain letters, and only the seven double-struck letters of the
Letterlike Symbols block are used. No command stands for nothing but layout here; those are in `plain`.
"""

# ruff: noqa: RUF001, SIM905 - signs that look alike are the subject, and words are read more easily unquoted


def _table(words: str) -> dict[str, str]:
    parts = words.split()
    return dict(zip(parts[::2], parts[1::2], strict=True))


# Letters and signs that stand on their own: '\alpha x' is 'αx'.
SYMBOLS = _table(
    """
    alpha α beta β gamma γ delta δ epsilon ϵ varepsilon ε zeta ζ eta η theta θ vartheta ϑ iota ι kappa κ varkappa ϰ
    lambda λ mu μ nu ν xi ξ omicron ο pi π varpi ϖ rho ρ varrho ϱ sigma σ varsigma ς tau τ upsilon υ phi φ varphi φ
    chi χ psi ψ omega ω Gamma Γ Delta Δ Theta Θ Lambda Λ Xi Ξ Pi Π Sigma Σ Upsilon Υ Phi Φ Psi Ψ Omega Ω digamma ϝ
    varGamma Γ varDelta Δ varTheta Θ varLambda Λ varXi Ξ varPi Π varSigma Σ varPhi Φ varPsi Ψ varOmega Ω
    upalpha α upbeta β upgamma γ updelta δ upmu μ uppi π upsigma σ upphi φ upvarphi φ upchi χ uppsi ψ upomega ω
    textmu μ micro µ textalpha α textbeta β
    infty ∞ partial ∂ nabla ∇ hbar ħ hslash ħ ell ℓ Re Re Im Im wp ℘ aleph ℵ beth ℶ emptyset ∅ varnothing ∅ imath ı
    jmath ȷ forall ∀ exists ∃ nexists ∄ neg ¬ lnot ¬ top ⊤ bot ⊥ angle ∠ triangle △ square □ Box □ blacksquare ■
    diamond ⋄ Diamond ◇ bigstar ★ flat ♭ natural ♮ sharp ♯ prime ′ checkmark ✓ degree ° textdegree ° celsius ℃
    odot ⊙ sun ☉ dagger † dag † ddagger ‡ ddag ‡ bullet • textbullet • copyright © textcopyright © textregistered ®
    texttrademark ™ pounds £ euro € texteuro € yen ¥ S § P ¶ cents ¢ textperiodcentered · textquotesingle '
    sum ∑ prod ∏ coprod ∐ int ∫ iint ∬ iiint ∭ oint ∮ bigcup ⋃ bigcap ⋂ bigvee ⋁ bigwedge ⋀ bigoplus ⨁ bigotimes ⨂
    bigsqcup ⨆ ldots … dots … cdots … dotsc … dotsb … hdots … textellipsis … vdots ⋮ ddots ⋱
    langle ⟨ rangle ⟩ lfloor ⌊ rfloor ⌋ lceil ⌈ rceil ⌉ lvert | rvert | vert | lVert ‖ rVert ‖ Vert ‖ lbrace { rbrace }
    lbrack [ rbrack ] backslash \\ textbackslash \\ slash / textasciitilde ~ textasciicircum ^ textunderscore _
    textdollar $ textless < textgreater > textbar | textendash – textemdash — lq ‘ rq ’ textquoteleft ‘ textquoteright ’
    textquotedblleft “ textquotedblright ” AA Å aa å angstrom Å Angstrom Å textregistered ® LaTeX LaTeX TeX TeX
    R ℝ C ℂ Z ℤ N ℕ Q ℚ RR ℝ CC ℂ ZZ ℤ NN ℕ QQ ℚ PP ℙ HH ℍ ie i.e. eg e.g. eps ε
    """
)

# Relations and operators that keep the author's spacing on both sides: 'x \leq y', 'x\leq y'.
SPACED = _table(
    """
    leq ≤ le ≤ leqslant ≤ geq ≥ ge ≥ geqslant ≥ neq ≠ ne ≠ ll ≪ gg ≫ lll ⋘ ggg ⋙ lesssim ≲ gtrsim ≳ lessapprox ⪅
    gtrapprox ⪆ la ≲ ga ≳ lt < gt > sim ∼ simeq ≃ approx ≈ approxeq ≊ cong ≅ equiv ≡ propto ∝ asymp ≍ doteq ≐
    triangleq ≜ coloneqq ≔ coloneq ≔ prec ≺ succ ≻ preceq ⪯ succeq ⪰ in ∈ ni ∋ notin ∉ subset ⊂ supset ⊃ subseteq ⊆
    supseteq ⊇ subsetneq ⊊ supsetneq ⊋ nsubseteq ⊈ sqsubseteq ⊑ sqsupseteq ⊒ mid | nmid ∤ parallel ∥ perp ⊥ models ⊨
    vdash ⊢ dashv ⊣ vDash ⊨ times × pm ± mp ∓ cdot · div ÷ ast * star ⋆ circ ∘ cup ∪ cap ∩ uplus ⊎ sqcup ⊔ sqcap ⊓
    setminus ∖ smallsetminus ∖ wedge ∧ land ∧ vee ∨ lor ∨ oplus ⊕ ominus ⊖ otimes ⊗ oslash ⊘ boxtimes ⊠ boxplus ⊞ wr ≀
    ltimes ⋉ rtimes ⋊ bowtie ⋈ amalg ⨿ triangleleft ◁ triangleright ▷ unlhd ⊴ unrhd ⊵ lhd ⊲ rhd ⊳
    to → rightarrow → longrightarrow ⟶ leftarrow ← longleftarrow ⟵ gets ← leftrightarrow ↔ longleftrightarrow ⟷
    Rightarrow ⇒ Longrightarrow ⟹ implies ⟹ Leftarrow ⇐ Leftrightarrow ⇔ Longleftrightarrow ⟺ iff ⟺ mapsto ↦
    longmapsto ⟼ hookrightarrow ↪ hookleftarrow ↩ twoheadrightarrow ↠ rightarrowtail ↣ rightharpoonup ⇀ leftharpoonup ↼
    rightleftharpoons ⇌ uparrow ↑ downarrow ↓ updownarrow ↕ Uparrow ⇑ Downarrow ⇓ nearrow ↗ searrow ↘ swarrow ↙
    nwarrow ↖ rightsquigarrow ⇝ leadsto ⇝ curvearrowright ↷ textrightarrow → textleftarrow ← colon : over /
    """
)

# Names set upright, with a space before and after where letters meet: 'n\log n' is 'n log n'.
NAMES = frozenset(
    """
    log ln lg exp sin cos tan cot sec csc sinh cosh tanh coth arcsin arccos arctan max min sup inf lim limsup liminf
    argmax argmin arg det dim deg ker hom gcd lcm Pr tr Tr rank sgn sign diag supp span Hom End Aut Ext Tor Gal Spec
    Proj Sym GL SL SO SU Sp mod bmod poly polylog id ord vol dist conv
    """.split()
)

# Letters of European languages; the space after the command belongs to it: 'S\o rensen'.
LETTERS = _table("o ø O Ø l ł L Ł ss ß ae æ AE Æ oe œ OE Œ i ı j ȷ dh ð DH Ð th þ TH Þ dj đ DJ Đ ng ŋ NG Ŋ")

# Combining marks, by the accent command.
ACCENTS = {
    '"': "\u0308", "'": "\u0301", "`": "\u0300", "^": "\u0302", "~": "\u0303", "=": "\u0304", ".": "\u0307",
    "c": "\u0327", "v": "\u030c", "H": "\u030b", "u": "\u0306", "k": "\u0328", "r": "\u030a", "d": "\u0323",
    "b": "\u0331",
}  # fmt: skip
MATH_ACCENTS = {
    "hat": "\u0302", "widehat": "\u0302", "tilde": "\u0303", "widetilde": "\u0303", "bar": "\u0304",
    "overline": "\u0304", "dot": "\u0307", "ddot": "\u0308", "acute": "\u0301", "grave": "\u0300",
    "breve": "\u0306", "check": "\u030c", "mathring": "\u030a",
}  # fmt: skip

# Commands whose argument is shown as it is; the style is lost. A vector's arrow is one of the marks phones lack.
SHOWN = frozenset(
    """
    emph textbf textit texttt textsc textsf textrm textsl textup textmd textnormal text mbox hbox fbox underline uline
    mathrm mathbf mathit mathsf mathtt mathcal mathscr mathfrak mathnormal boldsymbol bm pmb bold symbf vec
    overrightarrow underbrace overbrace frak Cal scr operatorname mathop mathbin mathrel mathord mathopen mathclose
    mathpunct ensuremath textsuperscript textsubscript boxed uppercase smash centerline
    """.split()
)
IN_TEXT = frozenset({"text", "textrm", "textnormal", "textup", "mbox", "hbox", "fbox"})  # text even within math
DOUBLE = frozenset({"mathbb", "Bbb", "mathds", "mathbbm", "bb"})
DOUBLE_STRUCK = _table("C ℂ H ℍ N ℕ P ℙ Q ℚ R ℝ Z ℤ")

# Switches and layout that show nothing; the space after one belongs to it.
SILENT = frozenset(
    """
    rm bf it em sl sc tt sf cal mit sans bfseries itshape rmfamily ttfamily scshape sffamily mathstrut displaystyle
    textstyle scriptstyle scriptscriptstyle limits nolimits left right middle big Big bigg Bigg bigl bigr Bigl Bigr
    biggl biggr Biggl Biggr bigm Bigm noindent centering small large footnotesize protect nonumber xspace allowbreak
    relax normalfont selectfont boldmath unboldmath
    """.split()
)
DELIMITED = frozenset({"left", "right", "middle"})  # a dot after one of these shows nothing either
SPACES = frozenset(
    {"quad", "qquad", "enspace", "thinspace", "space", "par", "newline", "linebreak", "hfill", "nobreak"}
)
DROPPED = frozenset({"cite", "citep", "citet", "citealt", "citealp", "citeauthor", "citeyear", "nocite", "label"})
DROPPED |= frozenset({"phantom", "hphantom", "vphantom", "hspace", "vspace", "color"})

_SUPER = _table(
    """
    0 ⁰ 1 ¹ 2 ² 3 ³ 4 ⁴ 5 ⁵ 6 ⁶ 7 ⁷ 8 ⁸ 9 ⁹ + ⁺ - ⁻ − ⁻ = ⁼ ( ⁽ ) ⁾ a ᵃ b ᵇ c ᶜ d ᵈ e ᵉ f ᶠ g ᵍ h ʰ i ⁱ j ʲ k ᵏ l ˡ
    m ᵐ n ⁿ o ᵒ p ᵖ r ʳ s ˢ t ᵗ u ᵘ v ᵛ w ʷ x ˣ y ʸ z ᶻ A ᴬ B ᴮ D ᴰ E ᴱ G ᴳ H ᴴ I ᴵ J ᴶ K ᴷ L ᴸ M ᴹ N ᴺ O ᴼ P ᴾ R ᴿ
    T ᵀ U ᵁ W ᵂ β ᵝ γ ᵞ δ ᵟ θ ᶿ φ ᵠ χ ᵡ * * ′ ′ ' ′ ∘ ° ° ° † † ‡ ‡ ⊤ ᵀ ⋆ ⋆
    """
)
_SUB = _table(
    """
    0 ₀ 1 ₁ 2 ₂ 3 ₃ 4 ₄ 5 ₅ 6 ₆ 7 ₇ 8 ₈ 9 ₉ + ₊ - ₋ − ₋ = ₌ ( ₍ ) ₎ a ₐ e ₑ h ₕ i ᵢ j ⱼ k ₖ l ₗ m ₘ n ₙ o ₒ p ₚ r ᵣ
    s ₛ t ₜ u ᵤ v ᵥ x ₓ β ᵦ γ ᵧ ρ ᵨ φ ᵩ χ ᵪ
    """
)
SCRIPTS = {"^": _SUPER, "_": _SUB}
