namespace Atoll.Domain.Code;

/// <summary>What becomes of an execution, in order.</summary>
public abstract record CodeEvent
{
    private CodeEvent()
    {
    }

    /// <summary>Printed text.</summary>
    public sealed record Output(bool IsError, string Text, DateTimeOffset At) : CodeEvent;

    /// <summary>Something that the code showed, or the value of its last expression.</summary>
    /// <param name="ExecutionCount">As <see cref="End"/> will say it.</param>
    public sealed record Shown(CodeResult Result, int ExecutionCount) : CodeEvent;

    /// <summary>The code failed; at most once.</summary>
    /// <param name="Name">Such as <c>NameError</c>; never empty.</param>
    /// <param name="Value">The message.</param>
    /// <param name="Traceback">Lines of text, for people.</param>
    public sealed record Error(string Name, string Value, string Traceback) : CodeEvent;

    /// <summary>The last event.</summary>
    /// <param name="ExitCode">0, or other than 0 after an <see cref="Error"/>; of bash, the status of the last command.</param>
    /// <param name="ExecutionCount">How often code was run in the context, this time included.</param>
    public sealed record End(int ExitCode, int ExecutionCount, DateTimeOffset StartedAt, DateTimeOffset FinishedAt) : CodeEvent;
}

/// <summary>One thing in all the forms in which the code gave it; null where there is none.</summary>
public sealed record CodeResult
{
    /// <summary>Whether it is the value of the last expression.</summary>
    public bool IsMain { get; init; }

    public string? Text { get; init; }
    public string? Html { get; init; }
    public string? Markdown { get; init; }
    public string? Svg { get; init; }

    /// <summary>Base64, as <see cref="Jpeg"/> and <see cref="Pdf"/>.</summary>
    public string? Png { get; init; }
    public string? Jpeg { get; init; }
    public string? Pdf { get; init; }
    public string? Latex { get; init; }

    /// <summary>JSON text.</summary>
    public string? Json { get; init; }
    public string? Javascript { get; init; }

    /// <summary>JSON text: a table as an object of columns.</summary>
    public string? Data { get; init; }

    /// <summary>JSON text: an object whose <c>type</c> is line, scatter, bar, pie, box_and_whisker or superchart.</summary>
    public string? Chart { get; init; }

    /// <summary>JSON text by the media type, of all other forms.</summary>
    public IReadOnlyDictionary<string, string> Extra { get; init; } = new Dictionary<string, string>();
}
