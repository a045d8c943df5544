using System.CommandLine;
using Atoll.Sdk;

namespace Atoll.Cli.Output;

/// <summary>The options of a list that comes in pages, and the fetching of what they want.</summary>
internal sealed class Paging
{
    private const int FullPage = 100;

    private readonly Option<int> _page = new("--page") { Description = "The page, from 1", DefaultValueFactory = _ => 1 };
    private readonly Option<int> _limit;
    private readonly Option<bool> _all = new("--all") { Description = "All pages" };
    private readonly Option<int?> _maxItems = new("--max-items") { Description = "Stop after so many" };

    public Paging(int limit = 20)
    {
        _limit = new Option<int>("--limit") { Description = "How many on a page", DefaultValueFactory = _ => limit };
        foreach (Option<int> positive in new[] { _page, _limit })
        {
            positive.Validators.Add(result =>
            {
                if (result.GetValueOrDefault<int>() < 1)
                {
                    result.AddError($"{positive.Name} must be at least 1");
                }
            });
        }
    }

    public void AddTo(Command command)
    {
        command.Add(_page);
        command.Add(_limit);
        command.Add(_all);
        command.Add(_maxItems);
    }

    /// <summary>The wanted page; with a filter of the CLI's own, which the server does not know, the page of what passes it.</summary>
    public async Task<TPage> FetchAsync<TPage, T>(ParseResult parsed, Func<PageQuery, Task<TPage>> fetch, Func<T, bool>? keep = null)
        where TPage : Page<T>
    {
        PageQuery wanted = new() { Page = parsed.GetValue(_page), Limit = parsed.GetValue(_limit) };
        int? most = parsed.GetValue(_maxItems);
        bool whole = parsed.GetValue(_all) || most is not null;
        if (!whole && keep is null)
        {
            return await fetch(wanted).ConfigureAwait(false);
        }
        List<T> found = [];
        TPage page;
        int number = 0;
        do
        {
            page = await fetch(new PageQuery { Page = ++number, Limit = FullPage }).ConfigureAwait(false);
            found.AddRange(keep is null ? page.Items : page.Items.Where(keep));
        }
        while (page.Items.Count > 0 && number < (page.Pagination?.TotalPages ?? 0) && (most is null || found.Count < most));
        return Cut(page, most is null ? found : [.. found.Take(most.Value)], whole ? new PageQuery { Limit = Math.Max(1, found.Count) } : wanted);
    }

    /// <summary>Says that there is more, when there is.</summary>
    public static void WriteRest(TextWriter output, Pagination? place, string things)
    {
        if (place is { TotalPages: > 1 })
        {
            output.WriteLine($"Page {place.Page} of {place.TotalPages}, {place.Total} {things}; --page N or --all shows the others.");
        }
    }

    private static TPage Cut<TPage, T>(TPage page, List<T> found, PageQuery wanted)
        where TPage : Page<T>
    {
        Pagination place = new()
        {
            Page = wanted.Page, Limit = wanted.Limit, Total = found.Count, TotalPages = (found.Count + wanted.Limit - 1) / wanted.Limit,
        };
        page.Items.Clear();
        page.Items.AddRange(found.Skip((wanted.Page - 1) * wanted.Limit).Take(wanted.Limit));
        return (TPage)((Page<T>)page with { Pagination = place });
    }
}
