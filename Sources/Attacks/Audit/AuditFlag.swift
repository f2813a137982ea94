/// What an audit found for one check.
public struct AuditFlag: Codable, Equatable, Sendable {
  public enum State: String, Codable, Sendable {
    /// Nothing was found.
    case clear
    /// Something was found, within what is tolerated or what so few images allow to say.
    case seen
    /// The whole 95 % interval lies above what is tolerated.
    case raised
    /// ``detail`` says why.
    case notMeasured = "not-measured"
  }

  public let check: AuditCheck
  public let state: State
  /// What shows the symptom, of all that was looked at, with Wilson's 95 % interval.
  public let count: BinomialInterval
  /// What the count is held against.
  public let judgement: AuditCheck.Judgement
  /// What was measured, in numbers; for a check that was not, the reason.
  public let detail: String

  /// A check that was made.
  ///
  /// - Parameters:
  ///   - affected: how many show the symptom.
  ///   - examined: of how many. None: not measured.
  ///   - judgement: what to hold it against; the check's own unless given.
  public init(
    _ check: AuditCheck, _ affected: Int, of examined: Int, detail: String,
    judgedBy judgement: AuditCheck.Judgement? = nil
  ) {
    let judgement = judgement ?? check.judgement
    self.check = check
    self.judgement = judgement
    self.detail = detail
    count = .wilson(successes: affected, trials: examined)
    // A count of 0 has a lower end of exactly 0, so it raises nothing even where nothing is tolerated.
    state =
      examined == 0
      ? .notMeasured
      : count.lower > judgement.tolerance ? .raised : affected > 0 ? .seen : .clear
  }

  /// A check that was not made, and why.
  public init(_ check: AuditCheck, notMeasured reason: String) {
    self.check = check
    judgement = check.judgement
    count = .wilson(successes: 0, trials: 0)
    detail = reason
    state = .notMeasured
  }

  public var isRaised: Bool { state == .raised }
}
