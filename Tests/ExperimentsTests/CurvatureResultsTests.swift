import Curvature
import Foundation
import Testing
import Training

@testable import Experiments

/// What is made of eigenvalues, and what stands beside it.
@Suite struct CurvatureResultsTests {
  static func batch(_ values: [Double]) -> CurvatureResults.Batch {
    CurvatureResults.Batch(
      images: 4, correct: 2, loss: 1,
      eigenvalues: values.map {
        Eigenvalue(value: $0, residual: 0.5, iterations: 3, converged: $0 > 0)
      }, products: 9, seconds: 1)
  }

  /// Shares by magnitudes lie in 1/k … 1; those of signed sums do not.
  @Test func `the share is one of magnitudes, and the signed one is apart`() {
    let mixed = Self.batch([-4, 3, 2, -1, 1])
    #expect(mixed.share == 4.0 / 11 && mixed.signedShare == -4)
    #expect(mixed.negatives == 2 && mixed.converged == 3)
    #expect(mixed.lambdaMax(.magnitude) == 4 && mixed.lambdaMax(.algebraic) == -4)
    let nearly = Self.batch([4, -3, 2, -2, -0.5])
    #expect(nearly.share == 4 / 11.5 && nearly.signedShare == 8)
    #expect(Self.batch([2, -2]).signedShare == nil)
    #expect(Self.batch([0, 0, 0]).share == nil && Self.batch([0, 0]).signedShare == nil)
  }

  /// Catches a share of means where the mean of shares is meant.
  @Test func `means are over batches, deviations with n − 1`() throws {
    let results = try CurvatureJobTests.run(CurvatureJobTests.network()) {
      $0.batches = 3
      $0.precision = .float32
      $0.tolerance = 1e-3
    }
    let inference = results.inferences[0]
    let shares = inference.batches.map { batch in
      let values = batch.eigenvalues.map(\.value)
      return abs(values[0]) / values.map(abs).reduce(0, +)
    }
    let mean = shares.reduce(0, +) / 3
    let deviation = (shares.map { ($0 - mean) * ($0 - mean) }.reduce(0, +) / 2).squareRoot()
    let share = try #require(inference.share)
    #expect(abs(share.mean - mean) < 1e-12 && share.count == 3)
    #expect(abs(try #require(share.standardDeviation) - deviation) < 1e-12)
    #expect(inference.accuracy.total == 21 && inference.eigenvalues == 15)
  }

  @Test func `a record is read back as it was`() throws {
    let results = try CurvatureJobTests.run(CurvatureJobTests.network()) {
      $0.inferences = [.clean, .pgd]
      $0.density = .init(steps: 6, vectors: 2)
      $0.traceProducts = 9
      $0.maximumProducts = 12
    }
    #expect(try JSONDecoder().decode(CurvatureResults.self, from: results.json()) == results)
    // Twelve products are too few for 1e-9, and the record says so.
    #expect(results.inferences[0].converged < results.inferences[0].eigenvalues)
    let page = try results.html(vegaBundle: ReportPageTests.bundle)
    for text in CurvatureWords.notes(of: results) {
      #expect(page.contains("<li>\(HTML.escaped(text))</li>"))
    }
    for inference in results.inferences {
      let negative = inference.batches.count { $0.eigenvalues[0].value < 0 }
      let says = CurvatureWords.notes(of: results).contains {
        $0.hasPrefix("\(inference.kind.title): μ1 is negative in \(negative) of 2")
      }
      #expect(inference.negativeFirst == negative && says == (negative > 0))
    }
    #expect(page.contains("id=\"curvature-density\"") && page.contains("PGD 2</th>"))
    for eigenvalue in results.inferences[1].batches[1].eigenvalues {
      #expect(page.contains("<td>\(CurvatureWords.eigenvalue(eigenvalue))</td>"))
    }
  }

  @Test(
    arguments: zip(
      MeasuredLoss.allCases,
      [
        "of the cross-entropy of the logits' mean over time,",
        "of the mean over time of each step's cross-entropy,",
        "of the sum over time of each step's cross-entropy (3 times the mean),",
      ]))
  func `the loss is named as it was measured`(_ loss: MeasuredLoss, _ words: String) throws {
    let results = try CurvatureJobTests.run(CurvatureJobTests.network()) {
      $0.batches = 1
      $0.count = 1
      $0.loss = loss
      $0.maximumProducts = 1
    }
    #expect(CurvatureWords.notes(of: results)[0].contains(words))
  }

  @Test func `the product is chosen by the asymmetry that was found`() {
    let chosen = { (choice: ProductChoice, asymmetry: Double, precision: CurvaturePrecision) in
      choice.product(asymmetry: asymmetry, in: precision)
    }
    #expect(chosen(.auto, 1e-5, .float32) == .transposedJacobian)
    #expect(chosen(.auto, 1e-2, .float32) == .symmetricPart)
    #expect(chosen(.auto, 1e-5, .float64) == .symmetricPart)
    #expect(chosen(.auto, 1e-12, .float64) == .transposedJacobian)
    #expect(chosen(.transposed, 1, .float32) == .transposedJacobian)
    #expect(chosen(.gaussNewton, 0, .float32) == .gaussNewton)
    #expect(chosen(.jacobian, 0, .float32) == .jacobian)
    #expect(chosen(.symmetric, 0, .float32) == .symmetricPart)
  }

  @Test func `the paper's numbers stand beside their own data and method alone`() throws {
    #expect(PublishedCurvature.all.count == 24)
    func row(_ kind: InferenceKind, _ dataset: String, _ training: TrainingRecipe?)
      -> PublishedCurvature?
    { try? PublishedCurvature.row(kind, dataset: dataset, training: training).get() }
    let plain = TrainingRecipe()
    var deflated = plain
    deflated.deflation = .fast
    let clean = try #require(row(.clean, "cifar10", plain))
    #expect(clean.lambdaMax == 261.94 && clean.lambdaMaxDeviation == 78.28)
    #expect(clean.share == 0.98 && clean.shareDeviation == 5.92 && clean.method == .plain)
    #expect(row(.fgsm, "cifar10", plain)?.share == 1.15)
    #expect(row(.pgd, "cifar100", deflated)?.lambdaMax == 143.07)
    #expect(row(.clean, "tiny-imagenet", deflated)?.lambdaMax == 1802.80)
    #expect(row(.pgd, "imagenet", plain)?.shareDeviation == 0.06)
    #expect(row(.clean, "fashion-mnist", plain) == nil && row(.clean, "cifar10", nil) == nil)
    var adversarial = plain
    adversarial.exposure.base = .adversarial
    #expect(row(.clean, "cifar10", adversarial) == nil)
    // In every row deflation has the smaller λ_max, which is the paper's claim.
    for row in PublishedCurvature.all where row.method == .plain {
      let other = try #require(
        PublishedCurvature.all.first {
          $0.inference == row.inference && $0.dataset == row.dataset && $0.method == .deflated
        })
      #expect(other.lambdaMax < row.lambdaMax && other.share < row.share)
    }
  }
}
