namespace Atoll.Sdk;

/// <summary>Which sandboxes to list.</summary>
public sealed record SandboxQuery
{
    /// <summary>The page, from 1.</summary>
    public int Page { get; init; } = 1;

    /// <summary>Sandboxes on a page.</summary>
    public int Limit { get; init; } = 20;

    /// <summary>Only those in this status.</summary>
    public string? Status { get; init; }

    /// <summary>Only those whose name or id holds this.</summary>
    public string? Search { get; init; }
}

/// <summary>One page of sandboxes.</summary>
public sealed record SandboxPage
{
    /// <summary>The sandboxes, in the server's order.</summary>
    public required List<Sandbox> Sandboxes { get; init; }

    /// <summary>Where in the whole list they are.</summary>
    public Pagination? Pagination { get; init; }
}

/// <summary>A page's place in a list.</summary>
public sealed record Pagination
{
    /// <summary>This page, from 1.</summary>
    public int Page { get; init; }

    /// <summary>Items on a full page.</summary>
    public int Limit { get; init; }

    /// <summary>Items in the list.</summary>
    public int Total { get; init; }

    /// <summary>Pages in the list.</summary>
    public int TotalPages { get; init; }
}
