using System.Text.Json.Serialization;

namespace Atoll.Server.Doctor;

/// <summary>One thing that must hold on this machine for sandboxes to run.</summary>
internal interface ICheck
{
    /// <summary>A noun of one or two words, the same in the table and in JSON.</summary>
    string Name { get; }

    /// <summary>How long it may take; after that it counts as failed.</summary>
    TimeSpan Limit => TimeSpan.FromSeconds(10);

    /// <summary>Finds out. What it throws is reported as a failure of the check.</summary>
    Task<Finding> RunAsync(CancellationToken cancellation);
}

/// <summary>How bad a finding is. Only <see cref="Fail"/> keeps sandboxes from running.</summary>
internal enum Severity
{
    [JsonStringEnumMemberName("ok")]
    Ok,

    [JsonStringEnumMemberName("warn")]
    Warn,

    [JsonStringEnumMemberName("fail")]
    Fail,
}

/// <summary>What a check found.</summary>
/// <param name="Found">What is there, or what is wrong, in one line.</param>
/// <param name="Remedy">The exact thing to do; null when all is well.</param>
internal sealed record Finding(Severity Severity, string Found, string? Remedy = null)
{
    public static Finding Ok(string found) => new(Severity.Ok, found);

    public static Finding Warn(string found, string remedy) => new(Severity.Warn, found, remedy);

    public static Finding Fail(string found, string remedy) => new(Severity.Fail, found, remedy);
}

/// <summary>A finding with the name of its check.</summary>
internal sealed record Checked(string Name, Finding Finding);
