/// What the authors' released evaluation (and adversarial training) does unlike its description, each part by
/// itself. Results under any of them are **no valid evaluation**: they say where published numbers may come from.
///
/// The release (Apple26419/SNN_DSD at 4a12b21) gives a stateful network of one time step to torchattacks 3.5.1,
/// on normalised images. Its membrane that is cut from the graph, its batch norm of each step, its 7 × 7 head
/// and the all-ones term of its loss are settings of the neuron, the pass, the network and the objective.
public struct ReleasedProtocol: OptionSet, Sendable, Hashable {
  public let rawValue: UInt8
  public init(rawValue: UInt8) { self.rawValue = rawValue }

  /// The attacker's call of the network runs its first time step only.
  public static let oneStepAttack = ReleasedProtocol(rawValue: 1)
  /// Membranes are not reset between the attacker's calls, nor before the T steps that are trained on or
  /// scored: these start from what the last call left.
  public static let leakedState = ReleasedProtocol(rawValue: 2)
  /// The attack moves normalised images z = (x − μ)/σ: the clamp to [0, 1] cuts most of them off, and ε and
  /// the step size are in units of σ.
  public static let normalizedClamp = ReleasedProtocol(rawValue: 4)

  public static let all: ReleasedProtocol = [.oneStepAttack, .leakedState, .normalizedClamp]
}

extension ReleasedProtocol: Codable {
  /// The parts as files name them.
  public enum Part: String, Codable, Sendable, CaseIterable {
    case oneStepAttack = "one-step-attack"
    case leakedState = "leaked-state"
    case normalizedClamp = "normalized-clamp"
  }

  public init(_ parts: some Sequence<Part>) {
    self = parts.reduce(into: []) { $0.insert(Self.of($1)) }
  }

  /// In the order of ``Part``.
  public var parts: [Part] { Part.allCases.filter { contains(Self.of($0)) } }

  private static func of(_ part: Part) -> ReleasedProtocol {
    switch part {
    case .oneStepAttack: .oneStepAttack
    case .leakedState: .leakedState
    case .normalizedClamp: .normalizedClamp
    }
  }

  /// Reads a list of parts: `["one-step-attack", "leaked-state"]`.
  public init(from decoder: any Decoder) throws {
    self.init(try decoder.singleValueContainer().decode([Part].self))
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(parts)
  }
}

extension ReleasedProtocol: CustomStringConvertible {
  /// As `as released (one-step-attack, leaked-state; not a valid evaluation)`, or `valid`.
  public var description: String {
    guard !isEmpty else { return "valid" }
    let list = parts.map(\.rawValue).joined(separator: ", ")
    return "as released (\(list); not a valid evaluation)"
  }
}
