using System.CommandLine;

namespace Atoll.Cli.Files;

/// <summary>Paths in a sandbox as the command line takes them: absolute, without <c>..</c>.</summary>
internal static class RemotePath
{
    public static Argument<string> Argument(string name, string description)
    {
        Argument<string> argument = new(name) { Description = description };
        argument.Validators.Add(result =>
        {
            if (Complaint(result.GetValueOrDefault<string>() ?? "") is { } complaint)
            {
                result.AddError(complaint);
            }
        });
        return argument;
    }

    public static string Join(string directory, string name) => directory.TrimEnd('/') + "/" + name;

    /// <summary>The last part; empty for the root.</summary>
    public static string NameOf(string path) => path.TrimEnd('/')[(path.TrimEnd('/').LastIndexOf('/') + 1)..];

    private static string? Complaint(string path) =>
        !path.StartsWith('/') ? $"'{path}' is not an absolute path in the sandbox: begin it with /"
        : path.Split('/').Any(part => part is "." or "..") ? $"'{path}' holds . or ..: write the path out"
        : null;
}
