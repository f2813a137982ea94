import Attacks
import Datasets
import Foundation
import Spiking
import Torch
import Training

/// Answers whether a network survives: the suite, and the tables beside it, on the first images of a data set.
public struct EvaluationJob {
  public let network: LoadedNetwork
  /// The images that are attacked, all of them.
  public let dataset: ImageDataset
  public let substitutes: [Substitute]
  public let recipe: EvaluationRecipe
  /// Seconds after which no further chunk begins; nil for no limit. Of this call alone.
  public var budget: Double?

  public init(
    _ network: LoadedNetwork, on dataset: ImageDataset, substitutes: [Substitute] = [],
    _ recipe: EvaluationRecipe, budget: Double? = nil
  ) {
    self.network = network
    self.dataset = dataset
    self.substitutes = substitutes
    self.recipe = recipe
    self.budget = budget
  }

  /// What to do with an earlier evaluation in the folder.
  public enum Start: Sendable { case begin, resume, replace }

  /// What happens, for whoever shows it.
  public enum Event: Sendable {
    case note(String)
    case began(String)
    /// Images attacked of those that the stage began with.
    case counted(Int, of: Int, String)
    case finished(String)
  }

  /// What was measured.
  public struct Outcome: Sendable {
    public let results: EvaluationResults
    /// The suite's images, where it ran, finished or not.
    public let adversarial: AdversarialFile?
  }

  /// Runs it, or goes on where an earlier life was cut.
  ///
  /// The state is saved after every chunk, so that a killed run loses the chunk at work. `results.json` is written at
  /// the end, also of a run that was stopped.
  ///
  /// - Parameter shouldStop: asked after every chunk.
  /// - Throws: ``UsageError``, ``OutputError``, `AttackError`, or what saving throws.
  public func run(
    in folder: EvaluationFolder, _ start: Start = .begin, shouldStop: () -> Bool = { false },
    onEvent: (Event) -> Void = { _ in }
  ) throws -> Outcome {
    try recipe.check(substitutes: substitutes.count)
    for substitute in substitutes {
      let shape = dataset.shape
      try substitute.loaded.check(
        (shape.channels, shape.height, shape.width), classes: dataset.classes)
    }
    let lock = try RunLock(folder)
    defer { withExtendedLifetime(lock) {} }
    let store = EvaluationStore(folder: folder)
    let facts = try facts()
    switch start {
    case .begin where folder.holdsEvaluation:
      throw UsageError(
        "\(folder.path): expected no earlier evaluation, found one; go on with --resume, replace it with "
          + "--overwrite, or name another --out")
    case .begin, .resume: break
    case .replace: try folder.removeEvaluation()
    }
    try folder.state.removeLeftovers()
    let threads = Engine.threads
    defer { Engine.threads = threads }
    return try withoutActuallyEscaping(shouldStop) { shouldStop in
      try withoutActuallyEscaping(onEvent) { onEvent in
        var ledger = EvaluationLedger(facts, threads: threads)
        var tensors = NamedTensors()
        if let found = try store.load(facts) {
          (ledger, tensors) = (found.ledger, found.tensors)
          Engine.threads = ledger.threads
          for note in found.notes { onEvent(.note(note)) }
          onEvent(.note("going on from \(folder.state.folder)"))
        } else if start == .resume {
          onEvent(.note("\(folder.path) holds no evaluation: it begins anew"))
        }
        let session = EvaluationSession(
          self, ledger, tensors, store, shouldStop: shouldStop, onEvent: onEvent)
        let outcome = try session.run()
        try OutputFile.write(outcome.results.json(), to: folder.results)
        return outcome
      }
    }
  }

  private func facts() throws -> EvaluationFacts {
    EvaluationFacts(
      recipe: recipe, network: try network.digest(), data: DatasetFacts(dataset),
      originals: dataset.digest(at: Array(0..<dataset.count)),
      substitutes: try substitutes.map { [$0.name, try $0.loaded.digest()] })
  }
}
