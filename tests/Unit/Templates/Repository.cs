namespace Atoll.Unit.Templates;

/// <summary>Finds the checkout that the tests were built from.</summary>
internal static class Repository
{
    public static string Root { get; } = Find(AppContext.BaseDirectory);

    private static string Find(string from) => File.Exists(Path.Combine(from, "Atoll.slnx"))
        ? from
        : Find(Path.GetDirectoryName(from.TrimEnd('/')) ?? throw new DirectoryNotFoundException("no Atoll.slnx above the tests"));
}
