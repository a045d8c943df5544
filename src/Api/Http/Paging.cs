using Microsoft.AspNetCore.Http;

namespace Atoll.Api.Http;

/// <summary>Which part of a list is wanted, by page or by offset.</summary>
internal readonly record struct Paging(int Offset, int Limit)
{
    public const int MostPerPage = 500;

    public int Page => (Offset / Limit) + 1;

    /// <summary>Reads <c>limit</c> (or <c>page_size</c>) and <c>offset</c> (or <c>skip</c>), else <c>page</c>.</summary>
    public static Paging Read(IQueryCollection query, int standardLimit)
    {
        string limitName = query.ContainsKey("limit") ? "limit" : "page_size";
        int limit = QueryValues.Int(query, limitName, standardLimit, 1, MostPerPage);
        string offsetName = query.ContainsKey("offset") ? "offset" : "skip";
        if (QueryValues.Text(query, offsetName) is not null)
        {
            return new Paging(QueryValues.Int(query, offsetName, 0, 0, int.MaxValue), limit);
        }

        int page = QueryValues.Int(query, "page", 1, 1, int.MaxValue / MostPerPage);
        return new Paging((page - 1) * limit, limit);
    }
}
