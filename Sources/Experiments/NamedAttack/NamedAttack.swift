import Attacks
import Datasets
import Spiking

/// Any attack by its name, complete: what is not given has the attack's own numbers.
///
/// It is what `spikeguard attack` records. Two of them with the same content, on the same networks and seed, find the
/// same images.
public struct NamedAttack: Codable, Sendable, Equatable {
  public let name: AttackName
  public let threat: ThreatModel
  public let settings: AttackSettings
  /// The gradient view by its name; nil for the network's own gradient.
  public let view: String?
  /// Draws of a random network whose mean every answer is; nil for single answers.
  public let draws: Int?
  /// Where the network is from that the images are made on; nil for the network under attack itself.
  public let substitute: String?

  /// - Parameters:
  ///   - epsilon: in pixel units.
  ///   - settings: what is given; the rest is filled in.
  /// - Throws: ``UsageError`` for what the attack does not have, and for an unknown view.
  public init(
    _ name: AttackName, _ norm: EvaluationRecipe.Norm = .linf, epsilon: Double,
    settings: AttackSettings = AttackSettings(), view: String? = nil, draws: Int? = nil,
    substitute: String? = nil
  ) throws(UsageError) {
    let profile = name.profile
    self.name = name
    threat = ThreatModel(norm == .linf ? .linf : .l2, epsilon: epsilon)
    guard profile.norms.contains(threat.norm) else {
      let able = AttackName.allCases.filter { $0.profile.norms.contains(.l2) }
      throw UsageError(
        "--norm l2: expected an attack that has it, found --attack \(name.rawValue), which is L∞ alone; "
          + "L2 have \(able.map(\.rawValue).joined(separator: ", "))")
    }
    let known = profile.options.map(\.option)
    if let option = settings.given.first(where: { !known.contains($0) }) {
      throw Self.refusal(option, of: name)
    }
    if let draws, draws < 1 {
      throw UsageError("--draws: expected at least 1, found \(draws); 20 is usual")
    }
    if let view {
      guard profile.usesGradients else {
        throw UsageError(
          "--through \(view): expected an attack with a gradient, found --attack \(name.rawValue), "
            + "which takes none; leave it out")
      }
      _ = try NamedGradientView.known(view)
    }
    self.settings = settings.completed(for: profile, threat)
    self.view = view
    self.draws = draws ?? profile.draws
    self.substitute = substitute
  }

  /// What the attack has instead, and which attacks have the option.
  private static func refusal(_ option: AttackOption, of name: AttackName) -> UsageError {
    let own = name.profile.options.map { "--\($0.option.rawValue)" }
    let able = AttackName.allCases.filter {
      $0.profile.options.contains { $0.option == option }
    }
    return UsageError(
      "--\(option.rawValue): expected an option of --attack \(name.rawValue), which has "
        + (own.isEmpty ? "none of its own" : own.joined(separator: ", "))
        + "; leave it out, or take one of \(able.map(\.rawValue).joined(separator: ", "))")
  }
}

extension AttackSettings {
  /// With the attack's own numbers where none are given.
  func completed(for profile: AttackProfile, _ threat: ThreatModel) -> AttackSettings {
    var complete = self
    complete.steps = steps ?? profile.steps?.value(threat, 0)
    complete.stepSize = stepSize ?? profile.stepSize?.value(threat, complete.steps ?? 1)
    complete.restarts = restarts ?? profile.restarts
    complete.queries = queries ?? profile.queries
    complete.samples = samples ?? profile.samples
    complete.noiseDeviation = noiseDeviation ?? profile.noiseDeviation?.value(threat, 1)
    complete.randomStart = randomStart ?? profile.randomStart
    return complete
  }
}

extension NamedGradientView {
  /// The catalogue's view of that name.
  ///
  /// - Throws: ``UsageError`` with the nearest names where there is none.
  static func known(_ name: String) throws(UsageError) -> NamedGradientView {
    if let view = named(name) { return view }
    let near = nearest(to: name)
    throw UsageError(
      "--through: expected the name of a gradient view, found '\(name)'"
        + (near.isEmpty ? "" : "; the nearest are \(near.joined(separator: ", "))")
        + "; `spikeguard attack --list-views` prints them all")
  }

  /// Up to three names of the catalogue, those most like it first: another number of the same family counts.
  private static func nearest(to name: String) -> [String] {
    var (names, found) = (catalogue.map(\.name), [String]())
    while found.count < 3, let next = name.nearest(in: names) {
      found.append(next)
      names.removeAll { $0 == next }
    }
    return found
  }
}
