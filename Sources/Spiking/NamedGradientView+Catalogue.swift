extension NamedGradientView {
  /// Every view below, each once.
  public static let catalogue: [NamedGradientView] = {
    var names: Set<String> = []
    return ([own] + ensemble + triangles + arctans + rules + hart + adaptive + conversions)
      .filter { names.insert($0.name).inserted }
  }()

  /// Each neuron's own surrogate and temporal gradient: what the network was trained with.
  public static let own = NamedGradientView(
    "own", "the surrogate and temporal gradient of training", source: "the network"
  ) { _ in [GradientView()] }

  /// The 19 configurations of Özdenizci & Legenstein, in their order.
  public static let ensemble: [NamedGradientView] =
    [1, 2, 3, 0.5, 0.25].map { triangle($0, source: conversionPaper) }
    + [(0.3, 0.5), (0.3, 1), (0.3, 2), (1, 0.5), (1, 1), (1, 2)].map(exponential)
    + [0.25, 0.5, 1, 2, 4].map(rectangle) + [straightThrough, rate, conversions[0]]

  /// Triangles of width 0.1, 0.2, … 3.
  public static let triangles: [NamedGradientView] = (1...30).map {
    triangle(Double($0) / 10, source: "width sweep 0.1 to 3")
  }

  /// Arctans of SpikingJelly's α = 2, 4, … 16.
  public static let arctans: [NamedGradientView] = stride(from: 2, through: 16, by: 2).map {
    alpha in
    NamedGradientView(
      "arctan-\(alpha)", "arctan of SpikingJelly's alpha \(alpha)",
      source: "SpikingJelly surrogate.ATan"
    ) { _ in [.surrogate(.arctan(width: 1 / Double(alpha)))] }
  }

  /// One of each rule that is no surrogate alone.
  public static let rules: [NamedGradientView] = [
    straightThrough, rate,
    NamedGradientView(
      "rga", "slope of a two-line rate function at the mean current, over the network's own time",
      source: "Bu et al., CVPR 2023 (RGA); without the paper's time-extended enhancement"
    ) { _ in [GradientView(rule: .rate(RateGradient()))] },
    NamedGradientView(
      "pdsg", "normal density as wide as the layer's potentials",
      source: "Lun et al., CVPR 2025 (PDSG)"
    ) { _ in
      [
        GradientView(
          temporalGradient: .throughTime, rule: .potentialDependent(PotentialDependentSurrogate()))
      ]
    },
    NamedGradientView(
      "sltt", "each step for itself through its own surrogate",
      source: "Meng et al., ICCV 2023 (SLTT)"
    ) { _ in [GradientView(temporalGradient: .withinStep)] },
  ]

  /// HART with γ = 0.10, 0.15, … 2.45, and the mean of each one's gradient with that through time.
  public static let hart: [NamedGradientView] =
    stride(from: 10, to: 250, by: 5).map { hundredths in
      let width = Double(hundredths) / 100
      return NamedGradientView(
        "hart-\(width)", "triangle of width \(width), averaged over time", source: hartPaper
      ) { _ in [.hart(width: width)] }
    } + [
      NamedGradientView(
        "mix", "mean of the gradients of hart-1.0 and triangle-1.0", source: hartPaper
      ) { _ in [.hart(width: 1), .surrogate(.triangle(width: 1))] }
    ]

  /// Adaptive sharpness with A = 0.76, 0.80, 0.85, 0.90 and 0.94, and one with a longer memory for rate coding.
  public static let adaptive: [NamedGradientView] =
    [0.76, 0.8, 0.85, 0.9, 0.94].map { share in
      assg(
        "assg-\(share)", "arctan as sharp as each neuron's potentials allow, A = \(share)",
        AdaptiveSharpness(vanishing: share))
    } + [
      assg(
        "assg-0.85-rate",
        "assg-0.85 with decays of 0.99: the default of the release's class for rate coding",
        AdaptiveSharpness(vanishing: 0.85, meanDecay: 0.99, deviationDecay: 0.99))
    ]

  /// Artificial units on the same weights: substitutes, not views of the network itself.
  public static let conversions: [NamedGradientView] = [
    NamedGradientView(
      "conversion-rectifier", "the artificial twin of the same weights: max(0, x)",
      source: conversionPaper
    ) { _ in [GradientView(rule: .unit(.rectifier))] },
    NamedGradientView(
      "conversion-clip", "the artificial twin of the same weights: clipped, in eighths",
      source: "Bu et al., CVPR 2023 (CBA)"
    ) { _ in [GradientView(rule: .unit(.quantizedClip))] },
  ]

  private static let conversionPaper = "Özdenizci & Legenstein, TMLR 2024"
  private static let hartPaper = "Hao et al., ICLR 2024 (HART)"

  private static let straightThrough = NamedGradientView(
    "straight-through", "ds/dh = 1 everywhere", source: conversionPaper
  ) { _ in [GradientView(temporalGradient: .throughTime, rule: .straightThrough)] }

  private static let rate = NamedGradientView(
    "bptr", "1 for a neuron that fired in any step", source: "Ding et al., NeurIPS 2022 (SNN-RAT)"
  ) { _ in [GradientView(rule: .firedAtLeastOnce)] }

  private static func assg(
    _ name: String, _ summary: String, _ sharpness: AdaptiveSharpness
  ) -> NamedGradientView {
    NamedGradientView(
      name, summary,
      source: "Wang et al., arXiv 2512.22522 (ASSG); A is twice the code's argument"
    ) { draws in
      [
        GradientView(
          temporalGradient: .throughTime,
          rule: .adaptive(sharpness, SurrogateMemory(drawsPerIteration: draws)))
      ]
    }
  }

  private static func triangle(_ width: Double, source: String) -> NamedGradientView {
    NamedGradientView("triangle-\(width)", "triangle of width \(width)", source: source) { _ in
      [.surrogate(.triangle(width: width))]
    }
  }

  private static func rectangle(_ width: Double) -> NamedGradientView {
    NamedGradientView("rectangle-\(width)", "rectangle of width \(width)", source: conversionPaper)
    { _ in [.surrogate(.rectangle(width: width))] }
  }

  /// α exp(−β |u|): ∫ of it is 2α/β, the scale.
  private static func exponential(_ height: Double, _ rate: Double) -> NamedGradientView {
    NamedGradientView(
      "exponential-\(height)-\(rate)", "\(height) exp(-\(rate) |u|)", source: conversionPaper
    ) { _ in [.surrogate(.exponential(width: 1 / rate), scale: 2 * height / rate)] }
  }
}
