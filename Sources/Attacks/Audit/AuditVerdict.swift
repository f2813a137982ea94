/// Whether a robustness number can be believed, in one line.
public struct AuditVerdict: Codable, Equatable, Sendable {
  public enum Kind: String, Codable, Sendable {
    /// Nothing speaks against it.
    case believable
    /// It is an upper bound, but the attacks were too weak.
    case loose
    /// Through the network's own surrogate it is too high; over several it stands.
    case ensembleOnly
    /// Gradients mislead the attacks.
    case masked
    /// It is no measurement of this network.
    case invalid
    /// There was no image to attack.
    case empty
  }

  public let kind: Kind
  /// One line.
  public let sentence: String

  /// - Parameters:
  ///   - flags: all that were made.
  ///   - examined: how many images were attacked.
  public init(_ flags: [AuditFlag], examined: Int) {
    let raised = flags.filter(\.isRaised)
    func numbers(_ severities: AuditCheck.Severity...) -> String? {
      let chosen = raised.filter { severities.contains($0.judgement.severity) }.map(\.check)
      guard !chosen.isEmpty else { return nil }
      return (chosen.count == 1 ? "flag " : "flags ")
        + chosen.map { "\($0.number)" }.joined(separator: ", ")
    }
    var sentence: String
    if let list = numbers(.measurement) {
      (kind, sentence) = (.invalid, "not believable: the measurement is at fault (\(list))")
    } else if examined == 0 {
      (kind, sentence) = (.empty, "nothing to believe: no image is classified correctly")
    } else if let list = numbers(.masking) {
      (kind, sentence) = (.masked, "not believable: gradients are masked (\(list))")
    } else if let list = numbers(.surrogate) {
      (kind, sentence) = (
        .ensembleOnly,
        "believable as an upper bound over several surrogates, not through its own alone (\(list))"
      )
      if let weak = numbers(.effort) { sentence += ", and a loose one (\(weak))" }
    } else if let list = numbers(.effort) {
      (kind, sentence) = (.loose, "believable as an upper bound, and a loose one (\(list))")
    } else {
      (kind, sentence) = (.believable, "believable as an upper bound")
    }
    if let list = numbers(.note) { sentence += "; the network is stochastic (\(list))" }
    let open = flags.count { $0.state == .notMeasured }
    if examined > 0, open > 0 { sentence += "; \(open) of \(flags.count) checks were not made" }
    self.sentence = sentence
  }
}
