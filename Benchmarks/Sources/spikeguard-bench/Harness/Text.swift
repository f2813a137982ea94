import Foundation

/// A number with so many significant digits, without an exponent.
func formatted(_ value: Double, _ digits: Int) -> String {
  guard value.isFinite, value != 0 else { return value == 0 ? "0" : "\(value)" }
  let decimals = max(0, digits - 1 - Int(log10(abs(value)).rounded(.down)))
  return String(format: "%.\(decimals)f", value)
}

func scientific(_ value: Double) -> String { String(format: "%.1e", value) }

/// Prints a line at once, into a file too: a full run takes minutes.
func say(_ line: String) {
  print(line)
  fflush(nil)
}

/// Columns of equal width: the first to the left, the others to the right.
func aligned(_ rows: [[String]]) -> [String] {
  let columns = rows.map(\.count).max() ?? 0
  let widths = (0..<columns).map { column in
    rows.map { column < $0.count ? $0[column].count : 0 }.max() ?? 0
  }
  return rows.map { row in
    row.enumerated().map { column, text in
      let space = String(repeating: " ", count: widths[column] - text.count)
      return column == 0 ? text + space : space + text
    }.joined(separator: "   ")
  }
}
