import Attacks
import Foundation
import Layers
import Testing

@testable import Training

/// Regimes as options say them: what they become, and what is refused.
@Suite struct ExposureRecipeTests {
  private func exposure(_ recipe: ExposureRecipe) throws -> Exposure {
    try recipe.exposure(epochs: 20, batchesPerEpoch: 8, normalization: .fashionMNIST)
  }

  @Test func `each regime is one exposure`() throws {
    let poison = ForeignSchedule(batches: 2, place: .end, cadence: .once, fromEpoch: 3)
    var pgd = ExposureRecipe(.adversarial)
    pgd.attack.method = .pgd
    var released = ExposureRecipe(.clean, foreign: .adversarial)
    released.released = [.leakedState, .normalizedClamp]
    let rows: [(ExposureRecipe, String)] = [
      (ExposureRecipe(), "clean"),
      (ExposureRecipe(.adversarial), "FGSM within L∞ 2/255"),
      (pgd, "PGD-7 within L∞ 2/255"),
      (
        ExposureRecipe(.clean, foreign: .adversarial),
        "clean; FGSM within L∞ 2/255: 1 batch at a random place of every epoch from epoch 0 on"
      ),
      (
        ExposureRecipe(.adversarial, foreign: .clean, schedule: poison),
        "FGSM within L∞ 2/255; clean: 2 batches at the end of epoch 3 only"
      ),
      (
        ExposureRecipe(.inverted, foreign: .uniformNoise, schedule: poison),
        "inverted; uniform noise: 2 batches at the end of epoch 3 only"
      ),
      (ExposureRecipe(.gaussianNoise), "Gaussian noise of deviation 0.1"),
      (
        released,
        "clean; FGSM within L∞ 2/255 in normalised units, as released (leaked-state, "
          + "normalized-clamp; not a valid evaluation): 1 batch at a random place of every epoch "
          + "from epoch 0 on"
      ),
    ]
    for (recipe, text) in rows {
      #expect(try "\(exposure(recipe))" == text)
      let json = try JSONEncoder().encode(recipe)
      #expect(try JSONDecoder().decode(ExposureRecipe.self, from: json) == recipe)
    }
  }

  @Test func `the attack is the one that was asked for`() throws {
    var recipe = ExposureRecipe(.adversarial)
    recipe.attack.method = .pgd
    recipe.attack.epsilon = 0.1
    recipe.attack.stepSize = 0.03
    recipe.attack.steps = 4
    guard case .adversarial(let attack) = try exposure(recipe).base else {
      Issue.record("not adversarial")
      return
    }
    let pgd = try #require(attack as? PGD)
    #expect(pgd.threat == .linf(0.1) && pgd.stepSize == 0.03 && pgd.steps == 4)
    #expect(pgd.start == .random && pgd.restarts == 1)
    recipe.released = .all
    guard case .asReleased(let released) = try exposure(recipe).base else {
      Issue.record("not as released")
      return
    }
    #expect(
      released
        == ReleasedAttack(
          .pgd(stepSize: 0.03, steps: 4), epsilon: 0.1, parts: .all, normalization: .fashionMNIST))
  }

  @Test func `what makes no sense is named with what would`() {
    let foreign = ExposureRecipe(.clean, foreign: .adversarial)
    func changed<Value>(
      _ recipe: ExposureRecipe, _ path: WritableKeyPath<ExposureRecipe, Value>, _ value: Value
    ) -> ExposureRecipe {
      var recipe = recipe
      recipe[keyPath: path] = value
      return recipe
    }
    let rows: [(ExposureRecipe, String)] = [
      (changed(foreign, \.attack.epsilon, 8), "attack.epsilon: expected 0 to 1, found 8.0"),
      (changed(foreign, \.attack.epsilon, .nan), "attack.epsilon: expected 0 to 1, found nan"),
      (
        changed(foreign, \.attack.stepSize, 0),
        "attack.stepSize: expected above 0, at most 1, found 0.0"
      ),
      (changed(foreign, \.attack.steps, 0), "attack.steps: expected 1 to 10000, found 0"),
      (
        changed(foreign, \.noiseDeviation, -1),
        "noiseDeviation: expected above 0, at most 10, found -1.0"
      ),
      (
        changed(foreign, \.schedule.batches, 0), "schedule.batches: expected at least 1, found 0"
      ),
      (
        changed(foreign, \.schedule.batches, 9),
        "schedule.batches: expected at most the epoch's 8 batches, found 9"
      ),
      (
        changed(foreign, \.schedule.fromEpoch, -1),
        "schedule.fromEpoch: expected 0 or more, found -1"
      ),
      (
        changed(foreign, \.schedule.fromEpoch, 20),
        "schedule.fromEpoch: expected below the run's 20 epochs, found 20"
      ),
      (
        changed(foreign, \.foreign, .clean),
        "foreign: expected another presentation than the base, or none, found clean"
      ),
      (
        changed(ExposureRecipe(), \.released, .oneStepAttack),
        "released: expected nothing where nothing is adversarial, found as released "
          + "(one-step-attack; not a valid evaluation)"
      ),
    ]
    for (recipe, text) in rows {
      let error = #expect(throws: ExposureRecipeError.self) { try exposure(recipe) }
      #expect(error?.description == text)
    }
  }

  /// A schedule is not looked at where nothing is foreign: it is a default there.
  @Test func `a short run without foreign batches is fine`() throws {
    var recipe = ExposureRecipe(.adversarial)
    recipe.schedule.fromEpoch = 50
    #expect(try exposure(recipe).foreign == nil)
  }

  @Test func `parts of the release are a list of names`() throws {
    let parts: ReleasedProtocol = [.normalizedClamp, .oneStepAttack]
    let json = try JSONEncoder().encode([parts, []])
    #expect(
      String(decoding: json, as: UTF8.self) == #"[["one-step-attack","normalized-clamp"],[]]"#)
    #expect(try JSONDecoder().decode([ReleasedProtocol].self, from: json) == [parts, []])
    #expect(ReleasedProtocol(ReleasedProtocol.Part.allCases) == .all)
    #expect(throws: DecodingError.self) {
      try JSONDecoder().decode(ReleasedProtocol.self, from: Data(#"["no-reset"]"#.utf8))
    }
    #expect("\(ReleasedProtocol())" == "valid")
  }
}
