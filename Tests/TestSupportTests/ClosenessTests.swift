import Testing
import Torch

@testable import TestSupport

@Suite struct ClosenessTests {
  @Test func acceptsWhatIsWithinTolerance() {
    expectClose(Tensor([1.0, 2.0]), Tensor([1.001, 2.0]), relative: 1e-2)
    expectClose(Tensor([1e-9]), Tensor([0.0]), relative: 0, absolute: 1e-8)
    expectClose(Tensor([Float(1)]), Tensor([1.0]), relative: 0)
    expectClose(Tensor([Double.infinity]), Tensor([Double.infinity]))
    expectClose([1, 2], [1, 2], relative: 0)
    expectClose(3, 3.00001)
  }

  static let different: [(Tensor, Tensor)] = [
    (Tensor([1.0, 2.0]), Tensor([1.1, 2.0])),
    (Tensor([1.0, 2.0]), Tensor([2.0, 1.0])),
    (Tensor([1.0, 2.0]), Tensor([[1.0, 2.0]].flatMap { $0 }, shape: [1, 2])),
    (Tensor([Double.nan]), Tensor([Double.nan])),
    (Tensor([1.0]), Tensor([Double.nan])),
    (Tensor([Double.infinity]), Tensor([-Double.infinity])),
    (Tensor([1.0]), Tensor([Double.infinity])),
    (Tensor([Double.infinity]), Tensor([1.0])),
    (Tensor([1.0]), Tensor([-1.0])),
  ]

  @Test(arguments: 0..<different.count)
  func recordsAnIssueForWhatIsNot(row: Int) {
    let (a, b) = Self.different[row]
    withKnownIssue { expectClose(a, b, relative: 1e-2) }
  }

  @Test func recordsAnIssueForNumbers() {
    withKnownIssue { expectClose([1, 2], [1], relative: 1) }
    withKnownIssue { expectClose(1, 2) }
  }

  @Test func saysWhereTheWorstElementIs() {
    let text = worstDifference(
      [0, 1.5, 0, 0, 0, 9], [0, 1, 0, 0, 0, 5], shape: [2, 3], relative: 0.1, absolute: 0)
    #expect(
      text == """
        at [1, 2]: got 9.0, expected 5.0, off by 4.0, allowed 0.5; 2 of 6 elements are not close
        """)
  }

  @Test func theWorstIsByExcessOverItsOwnTolerance() {
    // 1000 off by 5 is within 1 %; 1 off by 0.5 is not.
    let text = worstDifference(
      [1005, 1.5], [1000, 1], shape: [2], relative: 0.01, absolute: 0)
    #expect(text?.hasPrefix("at [1]: got 1.5") == true)
  }

  @Test func nanIsTheWorst() {
    let text = worstDifference([9, .nan], [0, 0], shape: [2], relative: 0, absolute: 0)
    #expect(text?.hasPrefix("at [1]: got nan") == true)
  }
}
