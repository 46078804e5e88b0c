import { Gauge, type LabelValues } from 'prom-client'

/** A series of a gauge at one moment. */
export interface Series<Label extends string> {
  readonly labels: LabelValues<Label>
  readonly value: number
}

/**
 * A gauge whose series are all replaced at each scrape. A `Gauge` finds each series by its sorted labels; where there
 * are thousands and none is kept, that costs more than writing them.
 */
export class RewrittenGauge<Label extends string> extends Gauge<Label> {
  private series: readonly Series<Label>[] = []

  /** Replaces all series. Their labels must differ. */
  rewrite(series: readonly Series<Label>[]): void {
    this.series = series
  }

  override async get(): ReturnType<Gauge<Label>['get']> {
    return { ...(await super.get()), values: [...this.series] }
  }
}
