using System.Globalization;
using System.Text.Json.Serialization;
using Atoll.Sdk.Http;

namespace Atoll.Sdk;

/// <summary>One page of a list (contracts/scalebox.md 1.1).</summary>
public abstract record Page<T>
{
    /// <summary>What is on it, in the server's order.</summary>
    [JsonIgnore]
    public abstract List<T> Items { get; }

    /// <summary>Where in the whole list it is; null when the server does not say.</summary>
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

/// <summary>Which page of a list to fetch.</summary>
public record PageQuery
{
    /// <summary>The page, from 1.</summary>
    public int Page { get; init; } = 1;

    /// <summary>Items on a page; the server bounds it.</summary>
    public int Limit { get; init; } = 20;

    /// <summary>The query string: the page, and the filters that are given.</summary>
    internal string Render(params (string Name, string? Value)[] filters) => ApiRequest.Query([
        ("page", Page.ToString(CultureInfo.InvariantCulture)), ("limit", Limit.ToString(CultureInfo.InvariantCulture)), .. filters]);
}
