-- What customers are compared by is a measure with a denominator, or the number of adopted use cases; another name would be
-- missing for everybody, silently.
select benchmarks.benchmark
from {{ ref('benchmark_measures') }} as benchmarks
left join {{ ref('measures') }} as measures
    on benchmarks.benchmark = measures.measure
where measures.denominator is null and benchmarks.benchmark != 'adopted_use_cases'
