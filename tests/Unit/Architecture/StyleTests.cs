using Xunit;

namespace Atoll.Unit.Architecture;

/// <summary>The style budgets: how long files and methods are, and which names and directives there are none of.</summary>
public sealed class StyleTests
{
    private const string ExcusedList = "tests/Unit/Architecture/excused.txt";
    private static readonly string[] BannedWords = ["Manager", "Helper", "Util", "Utils", "Helpers", "Common", "Base"];
    private static readonly IReadOnlyList<SourceFile> Sources = [.. Repository.Sources("src").Select(SourceFile.Load)];
    private static readonly IReadOnlySet<string> Excused = ReadExcused();

    [Fact]
    public void Files_are_short() => AssertBudget(
        Sources.Where(file => !Excused.Contains(file.Path)).Select(file => (file.Path, file.Lines)), p95: 250, most: 500);

    [Fact]
    public void Methods_are_short() => AssertBudget(
        Sources.Where(file => !Excused.Contains(file.Path)).SelectMany(file => file.Methods()), p95: 40, most: 100);

    [Fact]
    public void Every_program_is_a_table_of_contents()
    {
        IEnumerable<string> long_ = Sources.Where(file => Path.GetFileName(file.Path) == "Program.cs" && file.Lines > 80).Select(file => file.Path);

        Assert.Empty(long_);
    }

    [Fact]
    public void No_type_has_a_name_that_says_nothing()
    {
        IEnumerable<string> empty =
            from path in Repository.Sources("src").Concat(Repository.Sources("tests")).Concat(Benchmarks())
            from type in SourceFile.Load(path).Types()
            where BannedWords.Any(word => Says(type, word))
            select $"{path}: {type}";

        Assert.Empty(empty);
    }

    [Fact]
    public void There_are_no_regions()
    {
        IEnumerable<string> files = Repository.Sources("src").Concat(Repository.Sources("tests")).Concat(Benchmarks());

        Assert.Empty(files.Select(SourceFile.Load).Where(file => file.HasRegions()).Select(file => file.Path));
    }

    [Fact]
    public void Every_excused_file_is_there_and_needs_its_excuse()
    {
        IEnumerable<string> idle = Excused.Where(path =>
            Sources.SingleOrDefault(file => file.Path == path) is not { } file
            || file.Lines <= 250 && file.Methods().All(method => method.Lines <= 40));

        Assert.Empty(idle);
    }

    [Theory]
    [InlineData("class SandboxManager;", true)]
    [InlineData("class BaseClient;", true)]
    [InlineData("enum StringUtil { A }", true)]
    [InlineData("delegate void Helper();", true)]
    [InlineData("record Database;", false)]
    [InlineData("class Utilization;", false)]
    [InlineData("class Baseline;", false)]
    [InlineData("interface ICommonThing;", true)]
    public void The_name_rule_tells_words_apart(string source, bool banned) =>
        Assert.Equal(banned, SourceFile.Parse(source).Types().Any(type => BannedWords.Any(word => Says(type, word))));

    [Fact]
    public void The_parser_counts_what_a_reader_counts()
    {
        SourceFile file = SourceFile.Parse("""
            class A
            {
                // A comment with a { brace.
                void Short() => X("}");

                int Long()
                {
                    void Inner()
                    {
                    }
                    return 1;
                }
            #region x
            #endregion
            }

            """);

        Assert.Equal(15, file.Lines);
        Assert.Equal(
            [("test.cs:4 Short", 1), ("test.cs:6 Long", 7), ("test.cs:8 Inner", 3)], file.Methods());
        Assert.True(file.HasRegions());
    }

    /// <summary>Whether a word stands at the beginning or the end of a name, as a word.</summary>
    private static bool Says(string name, string word)
    {
        string bare = name.Length > 1 && name[0] == 'I' && char.IsUpper(name[1]) ? name[1..] : name;
        bool first = bare.StartsWith(word, StringComparison.Ordinal) && (bare.Length == word.Length || !char.IsLower(bare[word.Length]));
        return first || bare.EndsWith(word, StringComparison.Ordinal);
    }

    private static IEnumerable<string> Benchmarks() =>
        Directory.Exists(Path.Combine(Repository.Root, "bench")) ? Repository.Sources("bench") : [];

    private static void AssertBudget(IEnumerable<(string Name, int Lines)> measured, int p95, int most)
    {
        List<(string Name, int Lines)> sorted = [.. measured.OrderBy(item => item.Lines)];
        Assert.NotEmpty(sorted);
        Assert.DoesNotContain(sorted, item => item.Lines > most);
        (string name, int lines) = sorted[(int)Math.Ceiling(sorted.Count * 0.95) - 1];
        Assert.True(lines <= p95, $"the 95th percentile is {lines} lines ({name}), more than {p95}: shorten the longest");
    }

    private static HashSet<string> ReadExcused()
    {
        HashSet<string> excused = [];
        foreach (string line in File.ReadLines(Path.Combine(Repository.Root, ExcusedList)).Where(line => line.Length > 0 && line[0] != '#'))
        {
            string[] parts = line.Split('\t');
            Assert.True(parts.Length == 2 && parts[1].Length > 10, $"'{line}' in {ExcusedList} needs a path, a tab and a reason");
            Assert.True(excused.Add(parts[0]), $"{parts[0]} is in {ExcusedList} twice");
        }
        return excused;
    }
}
