using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Xunit;

namespace Atoll.Unit.Architecture;

/// <summary>
/// What handles names that clients and guests give has no way to open a file of the host: its source names none of the
/// types that do. <c>Conformance.HostFileTests</c> looks at the running server.
/// </summary>
public sealed class HostFileTests
{
    /// <summary>Where such names pass through.</summary>
    private static readonly string[] Folders = ["src/Api", "src/Domain", "src/Node/Agents"];

    /// <summary>Types that open, look at or change files by name, and those of replies that take a name.</summary>
    private static readonly HashSet<string> Openers =
    [
        "File", "FileInfo", "FileStream", "FileSystemInfo", "Directory", "DirectoryInfo", "DriveInfo", "FileSystemWatcher", "StreamReader", "StreamWriter",
        "MemoryMappedFile", "SafeFileHandle", "RandomAccess", "PhysicalFileProvider", "PhysicalFileResult", "Process", "ProcessStartInfo", "PathCalls",
        "FileStatusCalls", "FileBytes", "Descriptor", "DllImport", "LibraryImport", "NativeLibrary", "X509CertificateLoader",
    ];

    /// <summary>Methods that do, whatever they are called on.</summary>
    private static readonly HashSet<string> OpeningCalls = ["SendFileAsync", "PhysicalFile", "OpenHandle", "MapStaticAssets", "UseStaticFiles", "UseFileServer"];

    /// <summary>What names one of them for another reason: the file, the word, and why.</summary>
    private static readonly Dictionary<(string Path, string Word), string> Excused = [];

    [Fact]
    public void Nothing_that_sees_names_of_clients_or_guests_can_open_a_file_of_the_host()
    {
        string[] found =
        [
            .. Folders.SelectMany(Repository.Sources)
                .SelectMany(path => Openings(File.ReadAllText(Path.Combine(Repository.Root, path))).Select(word => (Path: path, Word: word)))
                .Where(found => !Excused.ContainsKey(found)).Select(found => $"{found.Path}: {found.Word}").Distinct(),
        ];

        Assert.Empty(found);
    }

    [Theory]
    [InlineData("class A { void B(string path) => File.ReadAllText(path); }", "File")]
    [InlineData("class A { void B(string path) { using var x = new FileStream(path, default); } }", "FileStream")]
    [InlineData("class A { object B(string path) => System.IO.File.OpenRead(path); }", "File")]
    [InlineData("class A { DirectoryInfo? B; }", "DirectoryInfo")]
    [InlineData("class A { System.Threading.Tasks.Task B(HttpResponse http, string path) => http.SendFileAsync(path); }", "SendFileAsync")]
    [InlineData("using static System.IO.File; class A { }", "File")]
    [InlineData("using F = System.IO.File; class A { }", "File")]
    [InlineData("class A { void B(FileEntry entry) => C(FileKind.File, FileType.Directory, new Entry { Directory = 1 }); }", null)]
    [InlineData("/* File.Open */ class A { string B = \"File.Open\"; int File; }", null)]
    public void The_rule_tells_a_type_from_a_word(string source, string? found) => Assert.Equal(found, Openings(source).Distinct().SingleOrDefault());

    private static IEnumerable<string> Openings(string source)
    {
        SyntaxNode root = CSharpSyntaxTree.ParseText(source, new CSharpParseOptions(LanguageVersion.Preview)).GetRoot();
        return root.DescendantNodes().OfType<SimpleNameSyntax>()
            .Where(name => OpeningCalls.Contains(name.Identifier.Text) || (Openers.Contains(name.Identifier.Text) && IsType(name)))
            .Select(name => name.Identifier.Text);
    }

    // A member of something else, such as FileKind.File, and a name that is only assigned to are no types.
    private static bool IsType(SimpleNameSyntax name) => name.Parent switch
    {
        MemberAccessExpressionSyntax member when member.Name == name => member.Expression.ToString() is "System.IO" or "global::System.IO" or "IO",
        MemberAccessExpressionSyntax member => member.Expression == name,
        QualifiedNameSyntax qualified => qualified.Right == name,
        AssignmentExpressionSyntax or NameColonSyntax or NameEqualsSyntax or ArgumentSyntax or ConstantPatternSyntax => false,
        _ => true,
    };
}
