/// What deflation did in one step, layer by layer and counted.
public struct DeflationReport: Sendable {
  /// What became of one gradient.
  public enum Outcome: Sendable, Equatable {
    /// G − σ₁u₁v₁ᵀ.
    case deflated
    /// Fewer than two dimensions, or no elements: passed unchanged.
    case notAMatrix
    /// One row or one column: passed unchanged, or zeroed where the transform is told to.
    case singleVector(zeroed: Bool)
    /// ‖G‖_F below the transform's guard: passed unchanged.
    case negligible
    /// NaN or infinity among the elements: passed unchanged.
    case notFinite
    /// No decomposition converged, in float64 neither: passed unchanged.
    case failed(String)
  }

  public struct Layer: Sendable {
    public let name: String
    public let outcome: Outcome
    /// σ₁, σ₂, energy removed, iterations, residual; present where the gradient was deflated.
    public let triple: LeadingTriple?
  }

  /// In the order of the gradients.
  public internal(set) var layers: [Layer] = []

  mutating func add(_ name: String, _ outcome: Outcome, _ triple: LeadingTriple? = nil) {
    layers.append(Layer(name: name, outcome: outcome, triple: triple))
  }

  public subscript(name: String) -> Layer? { layers.first { $0.name == name } }

  /// How many gradients lost their leading term.
  public var deflated: Int { count { $0.outcome == .deflated } }
  /// How often the fast solver gave way to a full decomposition.
  public var fallbacks: Int { count { $0.triple?.fellBack == true } }
  /// How many gradients held NaN or infinity.
  public var notFinite: Int { count { $0.outcome == .notFinite } }
  /// How many gradients no decomposition could be found for.
  public var failures: Int {
    count { if case .failed = $0.outcome { true } else { false } }
  }

  private func count(_ matches: (Layer) -> Bool) -> Int { layers.count(where: matches) }
}

extension DeflationReport: CustomStringConvertible {
  /// One line of counts; those that are zero and should be are left out.
  public var description: String {
    var parts = ["\(deflated) of \(layers.count) gradients deflated"]
    if fallbacks > 0 { parts.append("\(fallbacks) by fallback to a full decomposition") }
    if notFinite > 0 { parts.append("\(notFinite) not finite") }
    if failures > 0 { parts.append("\(failures) without a decomposition") }
    return parts.joined(separator: ", ")
  }
}
