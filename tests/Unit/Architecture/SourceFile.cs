using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Microsoft.CodeAnalysis.Text;

namespace Atoll.Unit.Architecture;

/// <summary>One parsed C# file and what the style rules ask of it.</summary>
internal sealed class SourceFile
{
    private readonly SyntaxNode _root;

    private SourceFile(string path, SourceText text)
    {
        Path = path;
        Lines = text.Lines.Count - (text.Lines[^1].Span.IsEmpty ? 1 : 0);
        _root = CSharpSyntaxTree.ParseText(text, new CSharpParseOptions(LanguageVersion.Preview)).GetRoot();
    }

    /// <summary>Relative to the repository's root.</summary>
    public string Path { get; }

    public int Lines { get; }

    public static SourceFile Load(string path) =>
        new(path, SourceText.From(File.ReadAllText(System.IO.Path.Combine(Repository.Root, path))));

    public static SourceFile Parse(string text) => new("test.cs", SourceText.From(text));

    /// <summary>Methods, constructors, operators, accessors and local functions with their lengths in lines, signature included, comments above not.</summary>
    public IEnumerable<(string Name, int Lines)> Methods() =>
        from node in _root.DescendantNodes()
        where node is BaseMethodDeclarationSyntax or LocalFunctionStatementSyntax or AccessorDeclarationSyntax { Body: not null }
            || node is PropertyDeclarationSyntax { ExpressionBody: not null }
        let span = node.GetLocation().GetLineSpan()
        select ($"{Path}:{span.StartLinePosition.Line + 1} {NameOf(node)}", span.EndLinePosition.Line - span.StartLinePosition.Line + 1);

    /// <summary>The names of types and delegates declared here.</summary>
    public IEnumerable<string> Types() =>
        _root.DescendantNodes().OfType<MemberDeclarationSyntax>().Select(NameOfType).OfType<string>();

    /// <summary>The classes declared here, each with what it derives from and its tests; a skipped test is none.</summary>
    public IEnumerable<(string Name, IReadOnlyList<string> Bases, IReadOnlyList<string> Tests)> Classes() =>
        from type in _root.DescendantNodes().OfType<ClassDeclarationSyntax>()
        let bases = type.BaseList is { } list ? list.Types.Select(each => each.Type.ToString()) : []
        let tests = type.Members.OfType<MethodDeclarationSyntax>().Where(IsTest).Select(method => method.Identifier.Text)
        select (type.Identifier.Text, (IReadOnlyList<string>)[.. bases], (IReadOnlyList<string>)[.. tests]);

    public bool HasRegions() =>
        _root.DescendantTrivia(descendIntoTrivia: true).Any(trivia => trivia.IsKind(SyntaxKind.RegionDirectiveTrivia));

    private static bool IsTest(MethodDeclarationSyntax method) =>
        method.AttributeLists.SelectMany(list => list.Attributes).Any(attribute =>
            (attribute.Name.ToString().EndsWith("Fact", StringComparison.Ordinal) || attribute.Name.ToString().EndsWith("Theory", StringComparison.Ordinal))
            && attribute.ArgumentList?.ToString().Contains("Skip", StringComparison.Ordinal) is not true);

    private static string? NameOfType(MemberDeclarationSyntax node) => node switch
    {
        BaseTypeDeclarationSyntax type => type.Identifier.Text,
        DelegateDeclarationSyntax type => type.Identifier.Text,
        _ => null,
    };

    private static string NameOf(SyntaxNode node) => node switch
    {
        MethodDeclarationSyntax method => method.Identifier.Text,
        ConstructorDeclarationSyntax constructor => constructor.Identifier.Text,
        LocalFunctionStatementSyntax function => function.Identifier.Text,
        PropertyDeclarationSyntax property => property.Identifier.Text,
        _ => node.Kind().ToString(),
    };
}
