import Attacks
import Foundation
import Spiking
import Testing

@testable import Experiments

/// Names, defaults and records of the attacks.
@Suite struct NamedAttackTests {
  /// As the attacks' papers and released code have them.
  static let published: [(AttackName, String, [String: Double])] = [
    (.fgsm, "FGSM", [:]),
    (.rfgsm, "R-FGSM", [:]),
    (.bim, "BIM-10", ["stepSize": 1.0 / 255, "steps": 10]),
    (.mifgsm, "MI-FGSM-10", ["stepSize": 0.8 / 255, "steps": 10]),
    (.pgd, "PGD-10", ["stepSize": 2.0 / 255, "steps": 10, "restarts": 1, "randomStart": 1]),
    (.apgdCrossEntropy, "APGD-CE", ["steps": 100, "restarts": 1]),
    (.apgdLogitRatio, "APGD-DLR", ["steps": 100, "restarts": 1]),
    (.apgdTargeted, "APGD-T", ["steps": 100, "restarts": 1]),
    (.sapgd, "SA-PGD-100", ["steps": 100, "restarts": 1]),
    (.fab, "FAB", ["steps": 100, "restarts": 1]),
    (.fabTargeted, "FAB-T", ["steps": 100, "restarts": 1]),
    (.square, "Square", ["queries": 5000, "restarts": 1]),
    (.autoAttack, "AutoAttack", ["steps": 100, "queries": 5000]),
    (.autoAttackRand, "AutoAttack rand", ["steps": 100]),
    (.uniform, "uniform noise ×1000", ["samples": 1000]),
    (.corner, "corner noise ×1000", ["samples": 1000]),
  ]

  @Test func `what is not given is as published`() throws {
    for (name, title, numbers) in Self.published {
      let attack = try NamedAttack(name, epsilon: 8.0 / 255)
      #expect(attack.bare.name == title)
      let found = try JSONSerialization.jsonObject(with: JSONEncoder().encode(attack.settings))
      let values = try #require(found as? [String: NSNumber]).mapValues(\.doubleValue)
      #expect(Set(values.keys) == Set(numbers.keys), "\(name)")
      for (key, number) in numbers {
        #expect(abs((values[key] ?? .nan) - number) < 1e-12, "\(name) \(key)")
      }
      #expect(attack.draws == (name == .autoAttackRand ? 20 : nil))
    }
    let gaussian = try NamedAttack(.gaussian, epsilon: 0.3).settings
    #expect(gaussian.samples == 1000 && abs(gaussian.noiseDeviation! - 0.1) < 1e-12)
    let pgd = try NamedAttack(.pgd, .l2, epsilon: 0.5).settings
    #expect(abs(pgd.stepSize! - 0.125) < 1e-12)
  }

  /// ε = 0 changes nothing, and is no error.
  @Test(arguments: AttackName.allCases)
  func `every attack's numbers make sense in every norm that it has`(_ name: AttackName) throws {
    for norm in EvaluationRecipe.Norm.allCases {
      guard name.profile.norms.contains(norm == .linf ? .linf : .l2) else {
        #expect(throws: UsageError.self) { try NamedAttack(name, norm, epsilon: 0.5) }
        continue
      }
      for epsilon in [0, 0.03, 1] {
        let attack = try NamedAttack(name, norm, epsilon: epsilon).bare
        try attack.checkSettings()
        #expect(attack.threat == ThreatModel(norm == .linf ? .linf : .l2, epsilon: epsilon))
      }
    }
    let explanation = name.explanation
    for (option, text) in name.profile.options {
      #expect(explanation.contains(text) && text.contains(option.rawValue))
    }
  }

  @Test func `a network that does not spike has no views`() throws {
    var recipe = NetworkRecipe()
    recipe.width = 0.125
    recipe.imageSize = 8
    recipe.classes = 3
    recipe.activation = .relu
    let network = LoadedNetwork(try recipe.build(seed: 1), recipe: recipe, path: "twin")
    let own = try NamedAttack(.pgd, epsilon: 0.1, view: "own")
    let through = try own.attack(on: network, substitute: nil, seed: 0)
    #expect(through.name == "PGD-10 through own")
    let bptr = try NamedAttack(.pgd, epsilon: 0.1, view: "bptr")
    let error = #expect(throws: UsageError.self) {
      try bptr.attack(on: network, substitute: nil, seed: 0)
    }
    #expect(
      error?.description
        == "--through bptr: expected a spiking network, found twin with activation relu; it has one "
        + "gradient only, leave the option out")
  }

  @Test func `every view of the catalogue has its name`() throws {
    for view in NamedGradientView.catalogue {
      #expect(try NamedAttack(.pgd, epsilon: 0.1, view: view.name).view == view.name)
    }
  }

  @Test func `FGSM and PGD on the network itself are recorded as ever, and all others come back`()
    throws
  {
    func text(_ recipe: AttackRecipe) throws -> String {
      let encoder = JSONEncoder()
      encoder.outputFormatting = .sortedKeys
      return String(decoding: try encoder.encode(recipe), as: UTF8.self)
    }
    #expect(
      try text(AttackRecipe(NamedAttack(.fgsm, epsilon: 0.5))) == #"{"fgsm":{"epsilon":0.5}}"#)
    var settings = AttackSettings()
    settings.stepSize = 0.25
    settings.randomStart = false
    #expect(
      try text(AttackRecipe(NamedAttack(.pgd, epsilon: 0.5, settings: settings)))
        == #"{"pgd":{"epsilon":0.5,"randomStart":false,"restarts":1,"stepSize":0.25,"steps":10}}"#)
    let named = try [
      NamedAttack(.pgd, .l2, epsilon: 0.5, settings: settings),
      NamedAttack(.pgd, epsilon: 8.0 / 255, view: "bptr", draws: 4, substitute: "run-2"),
      NamedAttack(.fgsm, epsilon: 8.0 / 255, draws: 2),
      NamedAttack(.square, epsilon: 0.03),
    ].map(AttackRecipe.init)
    for recipe in named {
      let back = try JSONDecoder().decode(AttackRecipe.self, from: JSONEncoder().encode(recipe))
      #expect(back == recipe)
      guard case .named = back else {
        Issue.record("expected a named attack, found \(back)")
        continue
      }
    }
    #expect(
      named.map { "\($0)" } == [
        "PGD-10, L2 ε 0.5, steps of 0.25 from the image itself",
        "PGD-10, ε 8/255, steps of 2/255 from a random start, through bptr, means of 4 draws, from run-2",
        "FGSM, ε 8/255, means of 2 draws", "Square, ε 0.03",
      ])
  }
}
